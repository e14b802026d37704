"""Every key of the configuration: its name, type, default, rule and meaning. The reference is generated from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel.settings import checks
from kernel.settings.checks import Check
from kernel.text import Text


class SettingsError(Exception):
    """The configuration cannot be used: what is wrong, where, and how to mend it; never a secret's value."""

    def __init__(self, where: str, text: Text) -> None:
        """``where`` is the file or environment variable and the key; ``text`` is kept with it in front."""
        self.text = Text(f"{where}：{text.zh}", f"{where}: {text.en}")
        super().__init__(f"{self.text.zh} / {self.text.en}")


@dataclass(frozen=True, slots=True)
class Key:
    """What the reference says of a key, and the rule its value keeps.

    ``below`` is the default where it depends on the data folder, which is known only when the configuration is read;
    the field's own default then supposes ``./data``.
    """

    meaning: Text
    check: Check = checks.anything
    below: str | None = None
    secret: bool = False


def _key(zh: str, en: str, check: Check = checks.anything, **more: Any) -> dict[str, Key]:
    """The metadata of one dataclass field."""
    return {"key": Key(Text(zh, en), check, **more)}


_WORKERS = (
    "工作进程数；大于 1 须用 PostgreSQL",
    "Worker processes; more than one needs PostgreSQL",
    checks.between(1, 64),
)
_THREADS = ("每个进程的请求线程数", "Request threads of each process", checks.between(1, 64))
_METRICS = (
    "单独提供 /metrics 的地址；留空则与服务同端口，且仅限本机访问",
    "Address that serves /metrics by itself; empty: on the service's own port, for this machine only",
    checks.address_or_nothing,
)
_LOG_LEVEL = ("日志级别", "Lowest level that is logged", checks.one_of(*checks.LOG_LEVELS))
_PROXIES = (
    "可信反向代理的地址或网段：只采信它们转发的来访地址",
    "Addresses or networks of trusted reverse proxies: only their word on the caller's address is taken",
    checks.networks,
)
_LISTEN = ("监听地址", "Address to listen on", checks.address)
_DATABASE = (
    "数据库：sqlite:///绝对路径 或 postgresql+psycopg://…；可用 …_FILE 从文件读取",
    "Database: sqlite:///absolute/path or postgresql+psycopg://…; may be read from a file by …_FILE",
    checks.database,
)
_KEY_DIR = ("密钥目录，仅服务账户可读", "Folder of the keys, readable by the service's account alone")


@dataclass(frozen=True, slots=True)
class IdpSettings:
    """Section ``[idp]``: the identity provider."""

    issuer: str = field(
        default="http://127.0.0.1:8400",
        metadata=_key(
            "签发者地址，即对外的根地址，不带路径",
            "Issuer identifier, which is the public base URL, without a path",
            checks.root_url,
        ),
    )
    database_url: str = field(
        default="sqlite:///data/idp.sqlite3",
        repr=False,
        metadata=_key(*_DATABASE, below="sqlite:///<data_dir>/idp.sqlite3", secret=True),
    )
    listen: str = field(default="127.0.0.1:8400", metadata=_key(*_LISTEN))
    key_dir: Path = field(default=Path("data/keys/idp"), metadata=_key(*_KEY_DIR, below="<data_dir>/keys/idp"))
    keys: str = field(
        default="file",
        metadata=_key(
            "新签名密钥存放处：file 为密钥目录；pkcs11 为密码设备（仅 ES256，其余仍在密钥目录）",
            "Where new signing keys lie: file, the folder of the keys; or pkcs11, a token (ES256 alone)",
            checks.key_place,
        ),
    )
    pkcs11_module: Path | None = field(
        default=None,
        metadata=_key("PKCS #11 模块文件", "The PKCS #11 module, such as /usr/lib/softhsm/libsofthsm2.so"),
    )
    pkcs11_token: str = field(default="", metadata=_key("密码设备标签", "Label of the token"))
    pkcs11_pin: str = field(
        default="",
        repr=False,
        metadata=_key(
            "密码设备用户口令；请用 …_FILE 从文件读取",
            "The token's user PIN; better read from a file by …_FILE",
            secret=True,
        ),
    )
    signing_algorithms: tuple[str, ...] = field(
        default=("ES256",),
        metadata=_key(
            "可用的签名算法；首次启动时为每个算法生成密钥，ES256 不可缺",
            "Signature algorithms that are switched on, ES256 among them; each gets its key at the next start",
            checks.signing_algorithms,
        ),
    )
    signing_key_days: int = field(
        default=30,
        metadata=_key("签名密钥使用多少天后更换", "Days a signing key is used for", checks.between(8, 365)),
    )
    signing_key_lead_hours: int = field(
        default=24,
        metadata=_key(
            "签名密钥启用前至少提前多少小时公布",
            "Hours a signing key is published before it is used",
            checks.between(24, 7 * 24),
        ),
    )
    exchange_resource: str = field(
        default="http://127.0.0.1:8401",
        metadata=_key(
            "数据共享交换服务的资源标识，用作访问令牌的受众",
            "Resource identifier of the exchange: the audience of access tokens",
            checks.public_url,
        ),
    )
    trusted_proxies: tuple[str, ...] = field(default=(), metadata=_key(*_PROXIES))
    client_authorities: Path | None = field(
        default=None,
        metadata=_key(
            "客户端证书的签发机构（PEM 文件）；为空则不接受也不登记 tls_client_auth",
            "PEM file of the authorities that issue clients' certificates; empty: tls_client_auth is neither taken nor "
            "registered",
        ),
    )
    software_statement_issuers: Path | None = field(
        default=None,
        metadata=_key(
            "可信的软件声明签发者（JSON 文件：签发者 → JWK 集）；为空则不接受软件声明",
            "JSON file of trusted software statement issuers, each with its JWK set; empty: no statement is accepted",
        ),
    )
    mtls_origin: str = field(
        default="",
        metadata=_key(
            "要求客户端证书的另一根地址，公布为 mtls_endpoint_aliases；留空则不公布",
            "Another base URL at which the proxy asks for client certificates, published as mtls_endpoint_aliases; "
            "empty: none",
            checks.root_url_or_nothing,
        ),
    )
    dpop_nonce: str = field(
        default="off",
        metadata=_key(
            "是否要求 DPoP 证明带有服务端随机数（on 或 off）；随机数总是提供",
            "Whether DPoP proofs must repeat the server's nonce (on or off); a nonce is always offered",
            checks.on_or_off,
        ),
    )
    refresh_idle_minutes: int = field(
        default=240,
        metadata=_key(
            "刷新令牌闲置多少分钟后失效；最长不超过登录会话",
            "Minutes without use after which a refresh token ends; in any case it ends with its sign-in session",
            checks.between(1, 7 * 24 * 60),
        ),
    )
    userinfo_level: int = field(
        default=1,
        metadata=_key(
            "读取登录者信息所需的最低认证等级（1 至 4）",
            "Least level of assurance at which userinfo answers (1 to 4)",
            checks.between(1, 4),
        ),
    )
    userinfo_max_age_minutes: int = field(
        default=0,
        metadata=_key(
            "读取登录者信息时，登录最多可在多少分钟之前；0 表示不限",
            "How many minutes ago the sign-in may be at most for userinfo to answer; 0 for no limit",
            checks.between(0, 24 * 60),
        ),
    )
    workers: int = field(default=1, metadata=_key(*_WORKERS))
    threads: int = field(default=16, metadata=_key(*_THREADS))
    session_idle_minutes: int = field(
        default=30,
        metadata=_key(
            "登录会话闲置多少分钟后失效",
            "Minutes without use after which a sign-in session ends",
            checks.between(1, 24 * 60),
        ),
    )
    session_hours: int = field(
        default=12,
        metadata=_key(
            "登录会话最长多少小时", "Hours after which a sign-in session ends in any case", checks.between(1, 7 * 24)
        ),
    )
    client_networks: str = field(
        default="public",
        metadata=_key(
            "调用客户端登记的地址（jwks_uri、后端通道退出）时可以到达的网络：public 仅公网，private 另含内网",
            "Where clients' addresses (jwks_uri, back-channel logout) may lead: public, or private networks as well",
            checks.one_of("public", "private"),
        ),
    )
    staff_passkey: str = field(
        default="required",
        metadata=_key(
            "工作人员的抗钓鱼登录方式（通行密钥）：required 登录时必须使用，offered 可以使用",
            "Passkeys of staff, which cannot be phished: required at every sign-in, or only offered",
            checks.one_of("required", "offered"),
        ),
    )
    notice_sender: str = field(
        default="spool",
        metadata=_key(
            "通知由谁送出：spool 写入目录，webhook 交给短信邮件网关，smtp 交给邮件服务器（只发邮件）",
            "Who carries notices: spool writes files, webhook posts to a gateway, smtp hands mail to a server",
            checks.one_of("spool", "webhook", "smtp"),
        ),
    )
    notice_spool: Path = field(
        default=Path("data/notices"),
        metadata=_key(
            "spool：每条通知一个文件的目录", "spool: folder that gets one file a notice", below="<data_dir>/notices"
        ),
    )
    notice_address: str = field(
        default="",
        metadata=_key(
            "webhook：网关的 https 地址；smtp：主机:端口",
            "webhook: the gateway's https address; smtp: host:port",
        ),
    )
    notice_secret: str = field(
        default="",
        repr=False,
        metadata=_key(
            "webhook：网关的令牌；smtp：用户名:密码", "webhook: the gateway's token; smtp: user:password", secret=True
        ),
    )
    notice_from: str = field(
        default="",
        metadata=_key("smtp：发件人邮件地址", "smtp: the e-mail address notices come from"),
    )
    civil_register: str = field(
        default="",
        metadata=_key(
            "核验姓名与公民身份号码的人口库接口地址（HTTP JSON）；留空则不能在线提升实名等级",
            "Address of the civil register that matches names and citizen numbers (HTTP JSON); empty: no level is"
            " raised online",
            checks.public_url_or_nothing,
        ),
    )
    upstreams: Path | None = field(
        default=None,
        metadata=_key(
            "可提升实名等级的其他身份服务（TOML 文件，见指南）；为空则没有",
            "TOML file of other identity providers that raise people's levels (see the guide); empty: none",
        ),
    )
    business_register: str = field(
        default="",
        metadata=_key(
            "核验法定代表人的登记机关接口地址（HTTP JSON）；留空则不能代表单位办理",
            "Address of the business register that names legal representatives (HTTP JSON); empty: nobody acts for an"
            " organisation",
            checks.public_url_or_nothing,
        ),
    )
    business_recheck_minutes: int = field(
        default=5,
        metadata=_key(
            "登记机关的一次答复算数多少分钟；超过后签发令牌前再次核验，0 表示每次都核验",
            "Minutes for which one answer of the business register counts; after that it is asked again before a token"
            " is issued; 0: each time",
            checks.between(0, 24 * 60),
        ),
    )
    recovery_delay_hours: int = field(
        default=48,
        metadata=_key(
            "找回账户的等候期（小时）：期间本人可以停止",
            "Hours between the notice of an account's recovery and its link: time for the owner to stop it",
            checks.between(24, 168),
        ),
    )
    enrolment_minutes: int = field(
        default=15,
        metadata=_key(
            "工作人员一次性开户链接的有效分钟数",
            "Minutes for which a one-time link for a new member of staff can be used",
            checks.between(5, 24 * 60),
        ),
    )
    consent_days: int = field(
        default=365,
        metadata=_key(
            "对账户信息的同意保留多少天，之后再次询问，所发令牌同时失效；0 表示直到本人撤回。对调取材料的同意从不保留",
            "Days for which consent to account information is remembered before it is asked for again; what rests on it"
            " ends with it. 0: until it is withdrawn. Consent to evidence is never remembered",
            checks.between(0, 10 * 365),
        ),
    )
    metrics_listen: str = field(default="", metadata=_key(*_METRICS))
    log_level: str = field(default="info", metadata=_key(*_LOG_LEVEL))


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """Section ``[exchange]``: the governed exchange."""

    origin: str = field(
        default="http://127.0.0.1:8401",
        metadata=_key(
            "对外的根地址，不带路径，也是资源标识",
            "Public base URL, without a path, which is the resource identifier too",
            checks.root_url,
        ),
    )
    issuer: str = field(
        default="http://127.0.0.1:8400",
        metadata=_key(
            "所信任的身份服务的签发者地址",
            "Issuer identifier of the identity provider that is trusted",
            checks.public_url,
        ),
    )
    database_url: str = field(
        default="sqlite:///data/exchange.sqlite3",
        repr=False,
        metadata=_key(*_DATABASE, below="sqlite:///<data_dir>/exchange.sqlite3", secret=True),
    )
    listen: str = field(default="127.0.0.1:8401", metadata=_key(*_LISTEN))
    key_dir: Path = field(
        default=Path("data/keys/exchange"), metadata=_key(*_KEY_DIR, below="<data_dir>/keys/exchange")
    )
    source_secrets: Path | None = field(
        default=None,
        metadata=_key(
            "存放连接器密码的目录，每个密码一个文件；清单中只写文件名",
            "Folder of the connectors' secrets, one file for each; manifests hold the names only",
        ),
    )
    connector_roots: tuple[Path, ...] = field(
        default=(),
        metadata=_key(
            "文件型连接器可以读取的目录；为空则不允许读取任何文件",
            "Folders that file connectors may read; empty: none",
        ),
    )
    connector_cache: Path | None = field(
        default=Path("data/connectors"),
        metadata=_key(
            "文件型来源的索引和读取报告存放处，仅服务账户可读；索引含个人数据，不要备份",
            "Folder of the indexes and reports of file sources, for the service's account alone; the indexes hold"
            " personal data: do not back it up",
            below="<data_dir>/connectors",
        ),
    )
    trusted_proxies: tuple[str, ...] = field(default=(), metadata=_key(*_PROXIES))
    workers: int = field(default=1, metadata=_key(*_WORKERS))
    threads: int = field(default=16, metadata=_key(*_THREADS))
    token_clock_skew_seconds: int = field(
        default=10,
        metadata=_key(
            "校验令牌时间时容许的时钟误差（秒）",
            "Seconds of clock difference allowed when the times of a token are checked",
            checks.between(0, 60),
        ),
    )
    recorded_credit_codes: tuple[str, ...] = field(
        default=(),
        metadata=_key(
            "发放时校验码即有误的统一社会信用代码：查询时照样认得，登记时一律不收",
            "Social credit codes that were issued with a wrong check character: taken where a company is looked up,"
            " never where one is registered",
            checks.wrongly_issued_codes,
        ),
    )
    webhook_networks: str = field(
        default="public",
        metadata=_key(
            "向业务系统推送事件时可以到达的网络：public 仅公网，private 另含内网",
            "Where events may be pushed to: public networks, or private ones as well",
            checks.one_of("public", "private"),
        ),
    )
    mail_sender: str = field(
        default="none",
        metadata=_key(
            "职务消息的邮件由谁送出：none 不发邮件，spool 写入目录，smtp 交给邮件服务器",
            "Who carries mail to offices: none sends no mail, spool writes files, smtp hands it to a mail server",
            checks.one_of("none", "spool", "smtp"),
        ),
    )
    mail_spool: Path = field(
        default=Path("data/mail"),
        metadata=_key(
            "spool：每封邮件一个文件的目录", "spool: folder that gets one file a mail", below="<data_dir>/mail"
        ),
    )
    mail_server: str = field(
        default="",
        metadata=_key(
            "smtp：邮件服务器的主机:端口；除本机外一律使用 TLS",
            "smtp: the mail server as host:port, reached over TLS unless it is this machine",
        ),
    )
    mail_secret: str = field(
        default="", repr=False, metadata=_key("smtp：用户名:密码", "smtp: user:password", secret=True)
    )
    mail_from: str = field(
        default="",
        metadata=_key("发件人邮件地址", "The e-mail address that mail to offices comes from"),
    )
    mail_domains: tuple[str, ...] = field(
        default=(),
        metadata=_key(
            "职务邮箱可用的域名；为空则不限",
            "Domains that offices' mail addresses may have; empty: any",
        ),
    )
    digest_hour: int = field(
        default=8,
        metadata=_key(
            "工作日几点（北京时间）起送出当日的消息汇总",
            "Hour of a working day (UTC+8) from which the day's digest of messages goes out",
            checks.between(0, 23),
        ),
    )
    waiting_person_working_days: int = field(
        default=20,
        metadata=_key(
            "等待提供部门人员答复多少个工作日；请求当日不计，最后一日结束时到期",
            "Working days that an item waits for somebody at the provider; the day of the request is not counted, the"
            " last one ends at midnight",
            checks.between(1, 120),
        ),
    )
    waiting_preview_days: int = field(
        default=7,
        metadata=_key(
            "等待本人预览或答复进一步问题多少天",
            "Days that an item waits for its person to look at it, or to answer further questions",
            checks.between(1, 90),
        ),
    )
    waiting_source_hours: int = field(
        default=24,
        metadata=_key(
            "异步取得的材料在来源不可用时重试多少小时；须长于两次重试之间最长的间隔（一小时）",
            "Hours for which a source is tried again where an answer is wanted later; longer than the longest pause"
            " between two tries, which is an hour",
            checks.between(2, 30 * 24),
        ),
    )
    waiting_consent_days: int = field(
        default=30,
        metadata=_key(
            "征求同意后等待答复多少天",
            "Days for which somebody who is asked for consent may answer",
            checks.between(1, 180),
        ),
    )
    second_opinion_one_in: int = field(
        default=1000,
        metadata=_key(
            "事后由第二个引擎复核多少项裁决中的一项；0 为不复核（高度敏感材料和应急取用总由两个引擎当场裁决）",
            "One decision in how many a second engine judges afterwards; 0: none (what is highly sensitive, and"
            " emergency access, both engines decide at once in any case)",
            checks.between(0, 1_000_000),
        ),
    )
    console_key: Path | None = field(
        default=None,
        metadata=_key(
            "工作人员页面在身份服务处证明自己的私钥（JWK 文件）；为空则不提供这些页面",
            "File of the private key (JWK) by which the officers' pages authenticate at the identity provider; empty:"
            " there are no such pages",
        ),
    )
    console_client_id: str = field(
        default="tongban-console",
        metadata=_key(
            "工作人员页面在身份服务处登记的客户端编号",
            "Identifier under which the officers' pages are registered as a client of the identity provider",
        ),
    )
    console_idle_minutes: int = field(
        default=30,
        metadata=_key(
            "工作人员页面闲置多少分钟后须重新登录",
            "Minutes without use after which an officer has to sign in to the pages again",
            checks.between(1, 24 * 60),
        ),
    )
    console_hours: int = field(
        default=8,
        metadata=_key(
            "工作人员页面的会话最长多少小时",
            "Hours after which an officer's session at the pages ends in any case",
            checks.between(1, 24),
        ),
    )
    metrics_listen: str = field(default="", metadata=_key(*_METRICS))
    log_level: str = field(default="info", metadata=_key(*_LOG_LEVEL))


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration, checked."""

    idp: IdpSettings = field(default_factory=IdpSettings)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    data_dir: Path = field(
        default=Path("data"),
        metadata=_key(
            "数据目录；默认为配置文件所在目录，没有配置文件时为 ./data",
            "Data folder; by default the configuration file's own folder, or ./data without a file",
        ),
    )


SECTIONS: dict[str, type[IdpSettings | ExchangeSettings]] = {"idp": IdpSettings, "exchange": ExchangeSettings}
