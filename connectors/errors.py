"""Everything that can go wrong with a source, as one tree.

The public words name neither the source nor anybody's data: no host, table, column, path, credential or number. What
an operator needs stands in two attributes meant for logs: `source` (the manifest's name) and `reason` (a short code).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

if TYPE_CHECKING:
    from connectors.further import Further

_LATER = Text(
    "请稍后重试；若持续出现，请联系数据提供部门。", "Try again later; if it persists, contact the providing department."
)
_PROVIDER = Text("请联系数据提供部门核对其数据。", "Ask the providing department to check its data.")


class SourceProblem(Exception):
    """A look-up that gave no answer.

    Attributes:
        kind: stable code, status, whose turn it is, and the public words in both languages.
        reason: short code for logs and metrics (``http-503``, ``breaker-open``), never data.
        source: the manifest's name, for logs only; empty until the source's guard has set it.
        retry_after: seconds after which asking again makes sense, where known.
    """

    kind: ClassVar[ProblemKind]

    def __init__(self, reason: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(self.kind.code)
        self.reason = reason
        self.source = ""
        self.retry_after = retry_after

    @property
    def text(self) -> Text:
        """The public words: what happened, without a word about the source."""
        return self.kind.title


class SourceUnavailable(SourceProblem):
    """The source cannot be reached, refuses, or reports a failure of its own."""

    kind = ProblemKind(
        "source.unavailable",
        503,
        Fault.PROVIDER,
        Text("数据来源暂时不可用", "The data source is unavailable at the moment"),
        _LATER,
    )


class SourceTimedOut(SourceProblem):
    """The source did not answer within the deadline."""

    kind = ProblemKind(
        "source.timed-out",
        504,
        Fault.PROVIDER,
        Text("数据来源未在规定时间内答复", "The data source did not answer in time"),
        _LATER,
    )


class SourceTooLarge(SourceProblem):
    """The source answered more than the manifest allows."""

    kind = ProblemKind(
        "source.too-large",
        502,
        Fault.PROVIDER,
        Text("数据来源的答复超出允许的大小", "The data source answered more than is allowed"),
        _PROVIDER,
    )


class SourceGarbled(SourceProblem):
    """The answer cannot be understood: another format, a missing or impossible value.

    Attributes:
        field: OUR name of the field that could not be filled, or empty where the whole answer is unreadable.
        columns: places of the source that are missing, by its own names: to find our fields by, never shown.
    """

    kind = ProblemKind(
        "source.garbled",
        502,
        Fault.PROVIDER,
        Text("数据来源的答复无法识别", "The data source's answer cannot be understood"),
        _PROVIDER,
    )

    def __init__(self, reason: str = "", *, field: str = "", columns: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.field = field
        self.columns = frozenset(columns)

    @property
    def text(self) -> Text:
        """The public words, naming our field where one is concerned."""
        if not self.field:
            return self.kind.title
        return Text(f"{self.kind.title.zh}：字段 {self.field}", f"{self.kind.title.en}: field {self.field}")


class SourceBusy(SourceProblem):
    """As many look-ups as the source bears are under way."""

    kind = ProblemKind(
        "source.busy",
        503,
        Fault.EXCHANGE,
        Text("对该数据来源的查询已达并发上限", "As many look-ups as this data source bears are under way"),
        _LATER,
    )


class AmbiguousSubject(SourceProblem):
    """Several different records answer to the subject. Never guessed between."""

    kind = ProblemKind(
        "source.ambiguous-subject",
        409,
        Fault.PROVIDER,
        Text("查到多条互不相同的记录，系统不作猜测", "Several different records match; none is guessed"),
        _PROVIDER,
    )


class SourceNeedsAnswers(SourceProblem):
    """The source can be asked only with what the person tells, and nobody has told it (rightly).

    Attributes:
        further: the questions, where they are the source's own and no manifest's.
    """

    kind = ProblemKind(
        "source.needs-answers",
        409,
        Fault.PROVIDER,
        Text("须由本人回答几个问题才能查询", "The person has to answer further questions before this can be looked up"),
        Text(
            "请在本人登录后请求；本人不在场的，请到提供部门窗口办理。",
            "Ask while the person is signed in; otherwise it is done at the counter of the providing department.",
        ),
    )

    def __init__(self, reason: str = "", *, further: Further | None = None) -> None:
        super().__init__(reason)
        self.further = further


class SourceAsksTooMuch(SourceProblem):
    """Another exchange has questions to the person that its manifest does not allow to pass on."""

    kind = ProblemKind(
        "source.asks-too-much",
        502,
        Fault.PROVIDER,
        Text("来源要求本人提供未约定转达的信息", "The source wants to be told what it was not agreed to pass on"),
        Text(
            "请提供部门与平台运维人员约定可转达的问题；在此之前请到提供部门窗口办理。",
            "The providing department and the platform operator agree which questions may be put; until then it is done"
            " at the counter.",
        ),
    )


class AnswersExhausted(SourceProblem):
    """Another exchange takes no further answers about this person for now."""

    kind = ProblemKind(
        "source.answers-exhausted",
        409,
        Fault.CITIZEN,
        Text("来源暂不再接受对追问的回答", "The source takes no further answers for now"),
        Text(
            "请到提供部门窗口办理，或 24 小时后再试。",
            "It is done at the department's counter, or tried after 24 hours.",
        ),
    )


class SourceAnswersLater(SourceProblem):
    """The source has the question and will answer it; asking again fetches that answer. Nothing is wrong with it.

    Attributes:
        reached: whether the source has just said so; otherwise somebody else is asking it at this moment.
    """

    kind = ProblemKind(
        "source.answers-later",
        503,
        Fault.PROVIDER,
        Text("数据来源已受理，稍后才有答复", "The data source has the question; its answer comes later"),
        _LATER,
    )

    def __init__(self, reason: str = "", *, retry_after: int | None = None, reached: bool = True) -> None:
        super().__init__(reason, retry_after=retry_after)
        self.reached = reached


class SourceMisconfigured(SourceProblem):
    """The manifest does not fit the source, or what it needs is missing on this machine."""

    kind = ProblemKind(
        "source.misconfigured",
        502,
        Fault.EXCHANGE,
        Text("该数据来源的接入配置有误", "This data source is described wrongly"),
        Text("请联系平台运维人员检查接入清单。", "Ask the platform operator to check the connector manifest."),
    )
