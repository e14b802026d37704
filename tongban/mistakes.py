"""What the surroundings do to a command, in one sentence each: exit status 2 and no traceback.

A mistake that belongs to one command is answered there. Here stands what can meet any of them: a database out of reach,
a missing key ring, a service that is down, a file that cannot be read.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import click
import requests

from kernel.database import DatabaseUnavailable, UnsafeDatabase
from kernel.keys import KeyRingError
from kernel.ledger.errors import LedgerOwned, LedgerUnavailable
from kernel.settings import SettingsError
from kernel.text import Text
from tongban.output import say_no, wrong


class Utf8Text(click.types.StringParamType):
    """A word of the command line that is text: no byte of another encoding, which nothing can store or send."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word itself. Raises click.BadParameter."""
        text = super().convert(value, param, ctx)
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail("it is not UTF-8", param, ctx)
        return text


def accepting_utf8_alone(command: click.Command) -> click.Command:
    """The command, and every one below it, with its words read as Utf8Text. Names of files may be any bytes."""
    for parameter in command.params:
        if parameter.type is click.STRING:
            parameter.type = Utf8Text()
    for inner in getattr(command, "commands", {}).values():
        accepting_utf8_alone(inner)
    return command


class Plain(click.Group):
    """A group of commands that ends in one sentence whatever meets them."""

    def make_context(self, *words: Any, **more: Any) -> click.Context:
        """Read the words of the command line."""
        try:
            return super().make_context(*words, **more)
        except click.UsageError as error:
            said = sentence(error)
            if said is None:
                raise
            wrong(said.zh, said.en)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except click.Abort:
            say_no(
                "没有得到回答，什么都没有改变；在脚本里请用选项给出，要确认的加 --yes",
                "not answered, so nothing was changed: in a script give the options, and --yes where it asks.",
            )
        except Exception as error:
            said = sentence(error)
            if said is None:
                raise
            wrong(said.zh, said.en)


def sentence(error: Exception) -> Text | None:
    """What to tell about an error that is no fault of the program; None for one that is."""
    if isinstance(error, click.UsageError):
        return None if isinstance(error, click.exceptions.NoArgsIsHelpError) else _of_usage(error)
    if isinstance(error, UnsafeDatabase | SettingsError):
        return error.text
    if isinstance(error, DatabaseUnavailable):
        return Text(
            f"数据库无法使用（{error}）：请检查 database_url 与数据库服务",
            f"the database cannot be used ({error}): check database_url and the database server",
        )
    if isinstance(error, KeyRingError):
        return Text(
            f"密钥目录无法使用（{error}）：请检查 key_dir，或从备份恢复",
            f"the key ring cannot be used ({error}): check key_dir, or restore it from a backup",
        )
    if isinstance(error, LedgerOwned | LedgerUnavailable):
        return Text(
            f"账本现在无法写入（{error}）：请稍后先查看是否已经生效，再重试",
            f"the ledger cannot be written now ({error}): look later whether it was done before you try again",
        )
    return _of_the_system(error)


def _of_usage(error: click.UsageError) -> Text:
    """What is wrong with how a command was written, and where its words are explained. click says it in English."""
    command = error.ctx.command_path if error.ctx is not None else "tongban"
    said = " ".join(error.format_message().split()).rstrip(".")  # choices stand a line each
    return Text(
        f"{_in_chinese(error)}；用法见 {command} --help",
        f"{said[:1].lower()}{said[1:]}: see {command} --help.",
    )


def _in_chinese(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            return f"没有选项 {error.option_name}"
        case click.MissingParameter():
            return f"缺少 {_named(error)}"
        case click.BadParameter():
            return f"{_named(error)} 的值不对"
    return "没有这个命令" if error.message.startswith("No such command") else "命令的写法不对"


def _named(error: click.BadParameter) -> str:
    """The option or argument as it is written."""
    hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param and error.ctx else "")
    return hint if isinstance(hint, str) else " / ".join(hint)


def _of_the_system(error: Exception) -> Text | None:
    if isinstance(error, requests.RequestException):
        address = urlsplit(error.request.url or "") if error.request is not None else urlsplit("")
        where = f"{address.scheme}://{address.netloc}" if address.netloc else "服务 / the service"
        return Text(
            f"{where} 没有应答：请先运行 tongban serve all，再用 tongban doctor 检查",
            f"{where} does not answer: start it with tongban serve all, and look with tongban doctor",
        )
    if isinstance(error, OSError) and error.filename is not None:
        reason = error.strerror or type(error).__name__
        return Text(f"{error.filename} 无法使用：{reason}", f"{error.filename} cannot be used: {reason}")
    return None
