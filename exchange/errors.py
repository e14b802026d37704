"""The exchange's own problems (RFC 9457): stable codes, whose turn it is, and what to do now, in both languages."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text
from policies.refusals import REFUSALS

_NEW_TOKEN = Text("请重新取得访问令牌后再试。", "Obtain a new access token, then try again.")
_LATER = Text("请稍后用同一请求重试。", "Send the same request again later.")
_ASK_PROVIDER = Text("请联系数据提供部门。", "Contact the providing department.")

# Tokens (RFC 6750 §3.1, RFC 9449 §7.1) ------------------------------------------------------------

TOKEN_MISSING = ProblemKind(
    "token.missing",
    401,
    Fault.CONSUMER,
    Text("没有访问令牌", "There is no access token"),
    Text(
        "请在 Authorization 头中携带访问令牌，并附 DPoP 证明。",
        "Send an access token in Authorization, with a DPoP proof.",
    ),
)
TOKEN_INVALID = ProblemKind(
    "token.invalid", 401, Fault.CONSUMER, Text("访问令牌无效", "The access token is not valid"), _NEW_TOKEN
)
TOKEN_REVOKED = ProblemKind(
    "token.revoked", 401, Fault.CONSUMER, Text("访问令牌已被撤销", "The access token has been revoked"), _NEW_TOKEN
)
TOKEN_UNBOUND = ProblemKind(
    "token.unbound",
    401,
    Fault.CONSUMER,
    Text("访问令牌未绑定到持有者的密钥或证书", "The access token is not bound to a key or certificate of its holder"),
    Text("请用 DPoP 或双向 TLS 取得令牌。", "Obtain the token with DPoP or mutual TLS."),
)
PROOF_INVALID = ProblemKind(
    "token.proof-invalid",
    401,
    Fault.CONSUMER,
    Text("DPoP 证明或客户端证书与令牌不符", "The DPoP proof or client certificate does not fit the token"),
    Text("请为本次请求重新生成 DPoP 证明。", "Make a new DPoP proof for this very request."),
)
PROOF_REPLAYED = ProblemKind(
    "token.proof-replayed",
    401,
    Fault.CONSUMER,
    Text("DPoP 证明已使用过", "The DPoP proof was used before"),
    Text("每次请求都要生成新的 DPoP 证明。", "Make a new DPoP proof for every request."),
)
ISSUER_UNREACHABLE = ProblemKind(
    "token.issuer-unreachable",
    503,
    Fault.EXCHANGE,
    Text("暂时无法核验访问令牌", "Access tokens cannot be verified right now"),
    _LATER,
)
REVOCATIONS_UNKNOWN = ProblemKind(
    "token.revocations-unknown",
    503,
    Fault.EXCHANGE,
    Text(
        "暂时无法确认令牌是否已撤销，因此未作答复",
        "It cannot be confirmed that the token still holds, so nothing was released",
    ),
    _LATER,
)
NOT_ALLOWED = ProblemKind(
    "token.not-allowed",
    403,
    Fault.CONSUMER,
    Text("该令牌不能用于此操作", "This token does not allow this"),
    Text("请以具备相应权限或角色的身份取得令牌。", "Obtain a token with the scope or role this needs."),
)
PURPOSE_MISMATCH = ProblemKind(
    "token.purpose-mismatch",
    403,
    Fault.CONSUMER,
    Text("请求超出令牌所载明的用途", "The request goes beyond the purpose the token was issued for"),
    Text(
        "请按事项、办件、依据、材料与字段重新取得令牌；一次请求须完全落在一项授权明细之内。",
        "Obtain a token for this service item, case, legal basis, evidence and fields; one request fits in one detail.",
    ),
)
SYSTEM_UNKNOWN = ProblemKind(
    "system.unknown",
    403,
    Fault.CONSUMER,
    Text("该客户端不是已登记的业务系统", "This client is not a registered system"),
    Text("请先由本部门在目录中登记该系统。", "Have your department register the system in the catalogue first."),
)
SYSTEM_NOT_OURS = ProblemKind(
    "system.not-ours",
    404,
    Fault.CONSUMER,
    Text("本部门没有这一业务系统", "Your department has no such system"),
    Text("请从目录中本部门的业务系统里选择。", "Choose one of your department's systems in the catalogue."),
)
SYSTEM_SUSPENDED = ProblemKind(
    "system.suspended",
    403,
    Fault.POLICY,
    Text("该业务系统已停用", "This system is suspended"),
    Text("请联系数据治理部门。", "Contact data governance."),
)

_LOCKED = REFUSALS["policy.system-locked"]
SYSTEM_LOCKED = ProblemKind("system.locked", _LOCKED.status, _LOCKED.fault, _LOCKED.title, _LOCKED.next_step)
"""What the request that led to the lock was told of its items, each later one is told as a whole."""
LOCK_UNKNOWN = ProblemKind(
    "system-lock.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一锁定记录，或不属于本部门", "There is no such lock, or it is not of your department's system"),
    Text("请核对编号。", "Check the identifier."),
)

# Cases and requests ------------------------------------------------------------

CASE_UNKNOWN = ProblemKind(
    "case.unknown",
    404,
    Fault.CONSUMER,
    Text("本系统没有这一办件", "This system has no such case"),
    Text("请先为该事项开立办件。", "Open a case for the service item first."),
)
CASE_CLOSED = ProblemKind(
    "case.closed",
    409,
    Fault.CONSUMER,
    Text("该办件已办结", "The case is closed"),
    Text("请为新的申请开立新的办件。", "Open a new case for a new application."),
)
CASE_OTHER_ITEM = ProblemKind(
    "case.other-service-item",
    409,
    Fault.CONSUMER,
    Text("该办件属于另一事项", "The case is for another service item"),
    Text("请核对事项编码与办件编号。", "Check the service item and the case."),
)
SERVICE_ITEM_UNKNOWN = ProblemKind(
    "catalogue.unknown-service-item",
    422,
    Fault.CONSUMER,
    Text("目录中没有这一政务服务事项", "The catalogue has no such service item"),
    Text("请在事项目录中核对编码。", "Look the code up in the catalogue."),
)
SUBJECT_MISSING = ProblemKind(
    "evidence.subject-missing",
    422,
    Fault.CONSUMER,
    Text("没有说明材料是关于谁的", "Nobody is named whom the evidence is about"),
    Text(
        "令牌不代表本人时，须为每项材料写明 subject。",
        "Where the token stands for no person, every item names its subject.",
    ),
)
REQUEST_UNKNOWN = ProblemKind(
    "evidence-request.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一材料请求", "There is no such evidence request"),
    Text("请核对编号。", "Check the identifier."),
)
REQUEST_RUNNING = ProblemKind(
    "evidence-request.running",
    409,
    Fault.CONSUMER,
    Text("同一请求正在办理", "The same request is still being worked on"),
    Text(
        "请按 Retry-After 等待后用同一 Idempotency-Key 重试。",
        "Wait as Retry-After says, then retry with the same key.",
    ),
)
REQUEST_ERASED = ProblemKind(
    "evidence-request.erased",
    410,
    Fault.CITIZEN,
    Text("该答复所涉的个人信息已依法删除", "The personal data of this answer was erased"),
    Text("确需重新取得的，请重新发起请求。", "Where it is needed again, make a new request."),
)
KEY_INVALID = ProblemKind(
    "idempotency.key-invalid",
    400,
    Fault.CONSUMER,
    Text("Idempotency-Key 写法不正确", "The Idempotency-Key is not well formed"),
    Text("请使用 1 至 128 个可打印的 ASCII 字符。", "Use 1 to 128 printable ASCII characters."),
)
KEY_REUSED = ProblemKind(
    "idempotency.key-reused",
    422,
    Fault.CONSUMER,
    Text("该 Idempotency-Key 已用于另一请求", "This Idempotency-Key was used for another request"),
    Text("每个不同的请求使用新的 Idempotency-Key。", "Use a new key for every different request."),
)
POLICY_STALE = ProblemKind(
    "policy.stale-epoch",
    503,
    Fault.EXCHANGE,
    Text(
        "暂时无法确认现行授权，因此未作答复",
        "The grants in force cannot be confirmed right now, so nothing was released",
    ),
    _LATER,
)
ANSWER_DROPPED = ProblemKind(
    "answer.dropped",
    503,
    Fault.EXCHANGE,
    Text("答复未能及时送出，已作废并记账", "The answer could not be sent in time; it was dropped and recorded as such"),
    Text("请用同一 Idempotency-Key 重试。", "Retry with the same Idempotency-Key."),
)

# Items ------------------------------------------------------------

SUBJECT_NOT_IN_CASE = ProblemKind(
    "case.subject-not-in-case",
    403,
    Fault.CONSUMER,
    Text("此人或单位不是该办件的当事人", "The subject is not a party to the case"),
    Text(
        "请核对办件当事人；他人须在开立办件时列明。", "Check the case's subjects; others are listed when it is opened."
    ),
)
RELATION_UNPROVEN = ProblemKind(
    "case.relation-unproven",
    403,
    Fault.CONSUMER,
    Text("该关系尚未得到证明", "The relation has not been proven"),
    Text("请先在同一办件中取得能证明该关系的材料。", "First obtain, in the same case, evidence that proves it."),
)
SUBJECT_OTHER_SCHEME = ProblemKind(
    "evidence.subject-scheme",
    422,
    Fault.CONSUMER,
    Text("该材料类型不适用于这类主体", "This evidence type is not about subjects of this kind"),
    Text("请核对材料类型与主体标识类型。", "Check the evidence type and the scheme of the subject."),
)
NOBODY_TO_PREVIEW = ProblemKind(
    "evidence.nobody-to-preview",
    422,
    Fault.CONSUMER,
    Text("没有可以预览该材料的人", "There is nobody who could look at this evidence before it is provided"),
    Text(
        "未成年人和单位的材料，由本人在场的监护人或受托人预览；请在其登录后请求。",
        "Of minors and companies, the guardian or representative looks at it: ask while that person is signed in.",
    ),
)
WAITED_TOO_LONG = ProblemKind(
    "evidence.timed-out",
    504,
    Fault.PROVIDER,
    Text("在规定期限内没有答复", "There was no answer within the time set"),
    Text("请改用其他方式，或重新请求。", "Use another way, or ask again."),
)
NOT_WAITING = ProblemKind(
    "evidence-request.not-waiting",
    409,
    Fault.CONSUMER,
    Text("该材料已有结果，不再等待答复", "This item has its outcome and waits for no answer any more"),
    Text("请查看该请求的现状。", "Look at the request as it stands."),
)
PREVIEW_UNKNOWN = ProblemKind(
    "preview.unknown",
    404,
    Fault.CITIZEN,
    Text("没有等待您预览的这项材料", "Nothing of this kind waits for your preview"),
    Text("可能已经处理或已超过期限，请查看列表。", "It may have been answered or timed out: look at the list."),
)
PREVIEW_OVER = ProblemKind(
    "preview.over",
    409,
    Fault.CITIZEN,
    Text("现在不会再提供这项材料", "Nothing of this would be provided any more"),
    Text(
        "授权、办件或您的信息已有变化，无须再作选择。",
        "The grant, the case or your data changed: there is nothing left to decide.",
    ),
)
PREVIEW_CHANGED = ProblemKind(
    "preview.changed",
    409,
    Fault.CITIZEN,
    Text("将要提供的内容已有变化", "What would be provided has changed"),
    Text("请重新查看后再决定。", "Look at it again, then decide."),
)
PREVIEW_NEEDS_STRONGER = ProblemKind(
    "preview.stronger-sign-in-needed",
    401,
    Fault.CITIZEN,
    Text("查看这些内容需要更强的登录方式", "It takes a stronger sign-in to look at this"),
    Text("请按 acr 所示等级重新登录。", "Sign in again at the level that acr names."),
)
PREVIEW_DECLINED = ProblemKind(
    "preview.declined",
    403,
    Fault.CITIZEN,
    Text("本人预览后选择不提供", "The person looked at it and chose not to provide it"),
    Text("请由本人以其他方式提交，或作解释。", "The person may hand it in another way."),
)
PREVIEW_DISPUTED = ProblemKind(
    "preview.disputed",
    403,
    Fault.CITIZEN,
    Text("本人预览后认为内容有误", "The person looked at it and says that it is wrong"),
    Text("请等待更正，或由本人以其他方式提交。", "Wait for the correction, or let the person hand it in another way."),
)
ANSWERS_UNMATCHED = ProblemKind(
    "preview.answers-unmatched",
    409,
    Fault.CITIZEN,
    Text("按您的回答没有查到唯一一条记录", "Your answers do not lead to one record"),
    Text(
        "请核对后再答；答错次数有限，次数用完后请到提供部门窗口办理。",
        "Check them and answer again. Attempts are limited; after that it is done at the department's counter.",
    ),
)
ANSWERS_NOT_ALLOWED = ProblemKind(
    "evidence-request.answers-not-allowed",
    403,
    Fault.CONSUMER,
    Text("该系统不得转达本人对追问的回答", "This system may not pass on a person's answers to further questions"),
    Text(
        "请由本人登录后在页面上回答；另一交换平台须先登记为可转达追问（relays_questions）。",
        "The person signs in and answers on the page; another exchange is first registered to relay questions.",
    ),
)
ANSWERS_EXHAUSTED = ProblemKind(
    "preview.answers-exhausted",
    409,
    Fault.CITIZEN,
    Text("追问未能答上，暂不再问", "The further questions were not answered rightly; they are not put again for now"),
    Text(
        "请到提供部门窗口办理，或 24 小时后重新请求。",
        "It is done at the counter of the providing department, or asked for again after 24 hours.",
    ),
)
PREVIEW_NOT_CHOSEN = ProblemKind(
    "preview.not-chosen",
    403,
    Fault.CITIZEN,
    Text("本人已选择提供另一项可替代的材料", "The person chose to provide another item that serves as well"),
    Text("无须再取得这一项。", "This one is not needed any more."),
)
# Consents -------------------------------------------------------------------------------------------

CONSENT_USED_UP = ProblemKind(
    "consent.used-up",
    403,
    Fault.CITIZEN,
    Text("本人的同意所许的次数已用完", "The person's consent has been used as often as it was given for"),
    Text(
        "请等到下一期，或另行征求本人同意。",
        "Wait for the next period, or ask the person for another consent.",
    ),
)
CONSENT_UNKNOWN = ProblemKind(
    "consent.unknown",
    404,
    Fault.CITIZEN,
    Text("没有这一同意", "There is no such consent"),
    Text("请先查看列表。", "Look at the list first."),
)
CONSENT_NOT_THE_GROUND = ProblemKind(
    "consent.not-the-ground",
    422,
    Fault.CONSUMER,
    Text(
        "该依据不以本人同意为根据，不得征求同意",
        "This ground does not rest on consent",
    ),
    Text("依法定依据取得即可，系统会告知当事人。", "Ask on the statutory ground: the person is told of it."),
)
CONSENT_NOT_GRANTED = ProblemKind(
    "consent.not-granted",
    403,
    Fault.POLICY,
    Text(
        "没有现行授权许可在本人同意后提供全部所列内容",
        "No grant in force allows all of this to be provided even with consent",
    ),
    Text("请先申请以本人同意为依据的授权。", "Apply first for a grant whose ground is consent."),
)
CONSENT_NOT_THEIRS = ProblemKind(
    "consent.not-theirs-to-give",
    422,
    Fault.CONSUMER,
    Text("这项同意不能由此人作出", "This is not for this person to consent to"),
    Text(
        "只能就办件当事人（自然人或单位）自己的材料征求同意。",
        "Ask about the own record of a party of the case, a person or a company.",
    ),
)
CONSENT_NO_GUARDIAN = ProblemKind(
    "consent.guardian-unproven",
    422,
    Fault.CONSUMER,
    Text("尚无材料证明谁是这名未成年人的监护人", "Nothing proves yet who the guardian of this minor is"),
    Text(
        "请先在同一办件中取得父母或其他监护人本人的、列明该未成年人的材料。",
        "First obtain, in the same case, the parent's or other guardian's own record that names the minor.",
    ),
)
CONSENT_NEEDS_GUARDIAN = ProblemKind(
    "consent.guardian-needed",
    403,
    Fault.CITIZEN,
    Text("不满十四周岁者的同意由其监护人作出", "Whoever is under fourteen has a guardian answer this"),
    Text("请由父母或其他监护人登录后答复。", "A parent or another guardian signs in and answers."),
)
CONSENT_ASKED_ALREADY = ProblemKind(
    "consent.asked-already",
    409,
    Fault.CONSUMER,
    Text(
        "已就同一内容在本办件中征求过同意，或等待答复的太多",
        "The person was asked for the same in this case already, or has too many to answer",
    ),
    Text("请等待答复；已谢绝的，不得反复征求。", "Wait for the answer; whoever declined is not asked again."),
)
CONSENT_OVER = ProblemKind(
    "consent.answered-or-over",
    409,
    Fault.CITIZEN,
    Text("这一同意已经答复、撤回或过期", "This consent was answered, taken back, or is over"),
    Text("请查看其现状。", "Look at how it stands."),
)

INPUT_MISSING = ProblemKind(
    "evidence.input-missing",
    424,
    Fault.CONSUMER,
    Text("应由前一项材料指明的人尚未得知", "The item that was to name the subject has not been delivered"),
    Text(
        "请先取得 subject.from 所指的材料，再为此人请求。",
        "Obtain the item that subject.from names first, then ask about whom it names.",
    ),
)
INPUT_AMBIGUOUS = ProblemKind(
    "evidence.input-ambiguous",
    422,
    Fault.CONSUMER,
    Text("前一项材料指明了多人", "The item before names more than one subject"),
    Text("请在 subject 中写明是哪一位。", "Say in subject which of them is meant."),
)
RECORD_NOT_FOUND = ProblemKind(
    "evidence.not-found",
    404,
    Fault.PROVIDER,
    Text("数据提供部门没有相应记录", "The providing department holds no such record"),
    Text(
        "请与当事人核对；确有记录的，由数据提供部门更正。",
        "Check with the person; if there should be one, the provider corrects it.",
    ),
)
RECORD_INVALID = ProblemKind(
    "evidence.invalid-record",
    502,
    Fault.PROVIDER,
    Text("数据提供部门的记录不符合其目录定义", "The record does not conform to its own definition in the catalogue"),
    _ASK_PROVIDER,
)
SOURCE_MISSING = ProblemKind(
    "evidence.no-source",
    503,
    Fault.EXCHANGE,
    Text("该材料类型尚未接入数据来源", "No source is connected for this evidence type"),
    Text("请联系平台运维人员。", "Contact the operators of the platform."),
)
RETRIEVAL_INTERRUPTED = ProblemKind(
    "evidence.interrupted",
    503,
    Fault.EXCHANGE,
    Text("办理中断，未提供任何材料", "The request was interrupted; nothing was released"),
    Text("请用新的 Idempotency-Key 重新请求。", "Ask again with a new Idempotency-Key."),
)

# Requirements ------------------------------------------------------------

CIRCUMSTANCE_UNKNOWN = ProblemKind(
    "case.circumstance-unknown",
    422,
    Fault.CONSUMER,
    Text("该事项没有这一情形，或没有这个值", "The service item has no such circumstance, or not this value of it"),
    Text("请按 detail 核对；事项的情形见其要求。", "See detail; the requirements of the service item list them."),
)
CIRCUMSTANCES_MISSING = ProblemKind(
    "resolution.circumstances-missing",
    422,
    Fault.CONSUMER,
    Text("还不能确定是否需要这一项", "It is not known yet whether this is needed"),
    Text("请先声明 depends_on 所列的情形。", "First declare the circumstances listed under depends_on."),
)
REQUIREMENT_UNKNOWN = ProblemKind(
    "resolution.unknown-requirement",
    422,
    Fault.CONSUMER,
    Text("该事项没有这一要求", "The service item has no such requirement"),
    Text("请在事项的要求中核对代码。", "Look the code up in the requirements of the service item."),
)
REQUIREMENT_NOT_NEEDED = ProblemKind(
    "resolution.not-needed",
    409,
    Fault.CONSUMER,
    Text("本办件不需要这一项，不得要求提交", "This case does not need it, so it must not be asked for"),
    Text(
        "请不要收取；当事人愿到窗口出示的，按 window 记录。",
        "Do not collect it; what is shown at a window is recorded as window.",
    ),
)
RUNG_ABOVE_OPEN = ProblemKind(
    "resolution.sharing-could-supply",
    409,
    Fault.CONSUMER,
    Text("通过共享能够取得，不得要求另行提供", "Sharing can supply it, so people must not be asked for it"),
    Text(
        "请先按 open 所列方式取得；确实不能的，逐级说明原因。窗口始终可用。",
        "Obtain it as open lists; where that fails, say why, step by step. The window is always there.",
    ),
)
RUNG_NOT_OFFERED = ProblemKind(
    "resolution.not-offered",
    409,
    Fault.CONSUMER,
    Text("该项要求不能以这种方式满足", "This requirement cannot be met in this way"),
    Text("可用的方式见办件的要求。", "The requirements of the case list the ways there are."),
)
CAUSE_UNPROVEN = ProblemKind(
    "resolution.cause-unproven",
    409,
    Fault.CONSUMER,
    Text("平台没有看到所说的原因", "The exchange has not seen the cause that is given"),
    Text(
        "请先在本办件中请求该材料；没有记录、来源不可用等由平台自行核对。",
        "First ask for the evidence in this case: no record, or a source that is down, the exchange sees for itself.",
    ),
)

# Governance and ledger ------------------------------------------------------------

SEALING_UNKNOWN = ProblemKind(
    "sealing.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一封存记录，或不由本部门作出", "There is no such sealing, or it is not this department's"),
    Text("请在封存登记中核对编号。", "Look the identifier up in the register."),
)
GRANT_UNKNOWN = ProblemKind(
    "grant.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一授权", "There is no such grant"),
    Text("请核对授权编号。", "Check the identifier."),
)
DECISION_UNKNOWN = ProblemKind(
    "decision.unknown",
    404,
    Fault.CONSUMER,
    Text("没有您可以查阅的这一裁决", "There is no such decision that you may read"),
    Text(
        "请核对裁决编号（dec_ 开头，见材料或拒绝答复）；其他部门的裁决请由该部门、审计人员或数据保护负责人查阅。",
        "Check the identifier (dec_…, in evidence and refusals alike); another department's decisions are for that"
        " department, auditors and data-protection officers.",
    ),
)
GRANT_NOT_ALLOWED = ProblemKind(
    "grant.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该授权作此操作", "This officer may not do this to the grant now"),
    Text(
        "请由相应角色、相应部门的人员在相应状态下操作。",
        "It takes another officer, another role or another state of the grant.",
    ),
)
GRANT_CHANGED = ProblemKind(
    "grant.changed",
    409,
    Fault.CONSUMER,
    Text("该授权刚被他人更改", "The grant was changed by somebody else just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
ACCESS_REQUEST_UNKNOWN = ProblemKind(
    "access-request.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一共享申请", "There is no such access request"),
    Text("请核对申请编号。", "Check the identifier."),
)
ACCESS_REQUEST_NOT_ALLOWED = ProblemKind(
    "access-request.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该申请作此操作", "This officer may not do this to the request now"),
    Text(
        "commands 列出您现在可作的操作；其余须由相应角色、相应部门的人员办理。",
        "The member commands lists what you may do now; anything else takes another officer, role or state.",
    ),
)
ACCESS_REQUEST_INCOMPLETE = ProblemKind(
    "access-request.incomplete",
    422,
    Fault.CONSUMER,
    Text("申请或答复的内容不完整", "The request or the answer to it is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
ACCESS_REQUEST_CHANGED = ProblemKind(
    "access-request.changed",
    409,
    Fault.CONSUMER,
    Text("该申请刚被他人更改", "The request was changed by somebody else just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
EMERGENCY_UNKNOWN = ProblemKind(
    "emergency.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一应急取用", "There is no such opening of emergency access"),
    Text("请核对编号。", "Check the identifier."),
)
EMERGENCY_TEMPLATE_UNKNOWN = ProblemKind(
    "emergency.template-unknown",
    404,
    Fault.CONSUMER,
    Text("本部门没有这一生效中的应急模板", "Your department has no such template in force"),
    Text(
        "应急模板须事先由全部席位签署；不能等待时，请向提供部门线下求助。",
        "A template is signed by its whole panel beforehand. What cannot wait goes to the provider by other ways.",
    ),
)
EMERGENCY_NOT_ALLOWED = ProblemKind(
    "emergency.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该应急取用作此操作", "This officer may not do this to the opening now"),
    Text(
        "commands 列出您现在可作的操作；其余须由第二人、相应角色或相应部门办理。",
        "The member commands lists what you may do now; anything else takes a second person, another role or state.",
    ),
)
EMERGENCY_INCOMPLETE = ProblemKind(
    "emergency.incomplete",
    422,
    Fault.CONSUMER,
    Text("申请或审查的内容不完整", "The request or the review is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
EMERGENCY_CHANGED = ProblemKind(
    "emergency.changed",
    409,
    Fault.CONSUMER,
    Text("该应急取用刚有变化", "The opening, or what it rests on, has changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
CORRECTION_UNKNOWN = ProblemKind(
    "correction.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一校核申请", "There is no such correction"),
    Text("请核对编号。", "Check the identifier."),
)
CORRECTION_NOT_RECEIVED = ProblemKind(
    "correction.not-received",
    404,
    Fault.CONSUMER,
    Text("没有向贵方提供过这一记录的这一字段", "This field of this record was not delivered to you"),
    Text(
        "只能对实际收到的字段、就其所属的人提出校核；请核对请求编号、序号、字段与当事人。",
        "A correction is about a field that was received: check request, item, field and whom it is about.",
    ),
)
CORRECTION_UNDER_WAY = ProblemKind(
    "correction.under-way",
    409,
    Fault.PROVIDER,
    Text("这一字段的校核正在办理", "A correction of this field is under way already"),
    Text("请等待提供部门答复，无须再提。", "Wait for the provider's answer; there is no need to open another."),
)
CORRECTION_NOT_ALLOWED = ProblemKind(
    "correction.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该校核作此操作", "This officer may not do this to the correction now"),
    Text(
        "commands 列出您现在可作的操作；其余由提供部门的受理人办理。",
        "The member commands lists what you may do now; the rest is for the provider's officer who took it up.",
    ),
)
CORRECTION_ANSWERED = ProblemKind(
    "correction.answered",
    409,
    Fault.CONSUMER,
    Text("该校核已经答复或撤回，不能再撤回", "The correction was answered or taken back already"),
    Text("请查看其现状。", "Look at how it stands."),
)
CORRECTION_INCOMPLETE = ProblemKind(
    "correction.incomplete",
    422,
    Fault.CONSUMER,
    Text("校核答复的内容不完整", "The answer to the correction is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
CORRECTION_CHANGED = ProblemKind(
    "correction.changed",
    409,
    Fault.CONSUMER,
    Text("该校核刚有变化", "The correction has changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
CHALLENGE_UNKNOWN = ProblemKind(
    "challenge.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一使用异议", "There is no such challenge"),
    Text("请核对编号。", "Check the identifier."),
)
CHALLENGE_GIVEN = ProblemKind(
    "challenge.given",
    409,
    Fault.CITIZEN,
    Text("这一条已经提出过异议", "This entry has been challenged already"),
    Text("请在使用记录中查看答复。", "Read the answer in your log."),
)
CHALLENGE_NOT_ALLOWED = ProblemKind(
    "challenge.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该异议作此操作", "This officer may not do this to the challenge now"),
    Text(
        "commands 列出您现在可作的操作；答复由使用部门的数据保护负责人作出。",
        "The member commands lists what you may do now; the data-protection officer of the department that used the"
        " data answers.",
    ),
)
CHALLENGE_INCOMPLETE = ProblemKind(
    "challenge.incomplete",
    422,
    Fault.CONSUMER,
    Text("异议答复的内容不完整", "The answer to the challenge is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
CHALLENGE_CHANGED = ProblemKind(
    "challenge.changed",
    409,
    Fault.CONSUMER,
    Text("该异议刚有变化", "The challenge has changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
RATING_UNKNOWN = ProblemKind(
    "rating.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一评价", "There is no such rating"),
    Text("请核对办件编号。", "Check the case."),
)
RATING_TOO_EARLY = ProblemKind(
    "rating.too-early",
    409,
    Fault.CONSUMER,
    Text("该办件尚未办结，办结后才能评价", "The case has not ended; it is rated once it has"),
    Text("请待办结后再评价。", "Rate it when it has ended."),
)
RATING_GIVEN = ProblemKind(
    "rating.given",
    409,
    Fault.CITIZEN,
    Text("该办件已经评价过，一件事只评一次", "The case has been rated; it is rated once"),
    Text("如有新的情况，请联系办理部门。", "Tell the department if something has happened since."),
)
RATING_NOT_ALLOWED = ProblemKind(
    "rating.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该评价作此操作", "This officer may not do this to the rating now"),
    Text(
        "commands 列出您现在可作的操作；其余由办理部门或数据主管部门办理。",
        "The member commands lists what you may do now; the rest is for the department or for data governance.",
    ),
)
RATING_INCOMPLETE = ProblemKind(
    "rating.incomplete",
    422,
    Fault.CONSUMER,
    Text("内容不完整", "It is not complete"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
RATING_CHANGED = ProblemKind(
    "rating.changed",
    409,
    Fault.CONSUMER,
    Text("该评价刚有变化", "The rating has changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
NOTHING_TO_TIGHTEN = ProblemKind(
    "grant.nothing-to-tighten",
    409,
    Fault.CONSUMER,
    Text("没有可以去掉的部分", "There is nothing that could be taken away"),
    Text(
        "授权仍在充分使用、生效不足九十天，或完全未使用（应予撤销）。",
        "All of it is in use, it has not been in force for ninety days, or none of it is in use: revoke it then.",
    ),
)
MESSAGE_UNKNOWN = ProblemKind(
    "message.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一消息，或不是发给您的职务", "There is no such message, or it is not for an office of yours"),
    Text("请重新查看消息。", "Look at your messages again."),
)
CAMPAIGN_UNKNOWN = ProblemKind(
    "campaign.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一复核活动或事项", "There is no such campaign or item"),
    Text("请核对编号。", "Check the identifier."),
)
CAMPAIGN_NOT_ALLOWED = ProblemKind(
    "campaign.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能作此操作", "This officer may not do this now"),
    Text(
        "请由相应角色、相应部门的人员在期限内操作。",
        "It takes another officer or role, and has to be done before the deadline.",
    ),
)
CAMPAIGN_INCOMPLETE = ProblemKind(
    "campaign.incomplete",
    422,
    Fault.CONSUMER,
    Text("内容不完整，或所选范围不合要求", "Something is missing, or the choice is not possible"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
CAMPAIGN_CHANGED = ProblemKind(
    "campaign.changed",
    409,
    Fault.CONSUMER,
    Text("复核活动、事项或所选授权刚有变化", "The campaign, the item or the chosen grants changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
PERIOD_INVALID = ProblemKind(
    "usage.period-invalid",
    422,
    Fault.CONSUMER,
    Text("查询时段不正确", "The period is not valid"),
    Text("请以 RFC 3339 时间给出 from 与 to，且 from 早于 to。", "Give from and to as RFC 3339 times, from before to."),
)
ENTRY_UNKNOWN = ProblemKind(
    "ledger.unknown-entry",
    404,
    Fault.CONSUMER,
    Text("账本中没有这一条目或规模", "The log has no such entry or size"),
    Text("请先取得最新检查点。", "Read the newest checkpoint first."),
)

SANDBOX_ONLY = ProblemKind(
    "sandbox.kept-apart",
    403,
    Fault.POLICY,
    Text("沙箱与真实数据不得互通", "The sandbox and real data are kept apart"),
    Text(
        "沙箱系统只能请求沙箱材料；正式系统只能请求正式材料。",
        "A sandbox system asks for sandbox evidence only, any other system for real evidence only.",
    ),
)

# Catalogue ------------------------------------------------------------

ENTRY_NOT_ALLOWED = ProblemKind(
    "catalogue.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该目录条目作此操作", "This officer may not do this to the entry now"),
    Text(
        "请由相应角色、相应部门的人员在相应状态下操作。",
        "It takes another officer, another role or another state of the entry.",
    ),
)
ENTRY_CHANGED = ProblemKind(
    "catalogue.changed",
    409,
    Fault.CONSUMER,
    Text("该条目或目录刚被他人更改", "The entry, or the catalogue around it, was changed by somebody else just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
ENTRY_INVALID = ProblemKind(
    "catalogue.invalid",
    422,
    Fault.CONSUMER,
    Text("条目内容不符合要求，或与目录其他内容矛盾", "The entry is not valid, or contradicts the catalogue"),
    Text("请按 findings 逐项改正。", "Mend what is listed under findings."),
)
ENTRY_IN_USE = ProblemKind(
    "catalogue.in-use",
    409,
    Fault.POLICY,
    Text("现行授权仍依赖该条目", "A grant still rests on this entry"),
    Text("请先变更或撤销该授权。", "Change or revoke the grant first."),
)

# Events ------------------------------------------------------------

SUBSCRIPTION_UNKNOWN = ProblemKind(
    "event.unknown-subscription",
    404,
    Fault.CONSUMER,
    Text("本系统没有这一订阅", "This system has no such subscription"),
    Text("请先列出本系统的订阅。", "List your subscriptions first."),
)
SUBSCRIPTION_CHANGED = ProblemKind(
    "event.subscription-changed",
    409,
    Fault.CONSUMER,
    Text("该订阅刚被更改", "The subscription was changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
SUBSCRIPTION_NOT_ALLOWED = ProblemKind(
    "event.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该订阅作此操作", "This officer may not do this to the subscription now"),
    Text(
        "commands 列出您现在可作的操作；其余由该系统所属部门的人员在相应状态下办理。",
        "The member commands lists what you may do now; the rest is for the system's own department, in another state.",
    ),
)
SUBSCRIPTION_NOT_PULLED = ProblemKind(
    "event.not-pulled",
    409,
    Fault.CONSUMER,
    Text("该订阅已暂停，或以推送方式提供", "The subscription is paused, or its events are pushed"),
    Text("请恢复该订阅，或另建一个拉取方式的订阅。", "Take it up again, or subscribe once more with pull."),
)
SUBSCRIPTIONS_TOO_MANY = ProblemKind(
    "event.too-many-subscriptions",
    409,
    Fault.CONSUMER,
    Text("本系统的订阅已达上限", "This system has as many subscriptions as it may"),
    Text("请先终止不用的订阅。", "End those that are not used."),
)
EVENT_NOT_GRANTED = ProblemKind(
    "event.no-grant",
    403,
    Fault.POLICY,
    Text("本部门没有这些材料的现行授权", "The department holds no grant in force for this evidence"),
    Text("请先申请并取得授权，再订阅。", "Ask for a grant; once it is in force, subscribe."),
)
WEBHOOK_MISSING = ProblemKind(
    "event.no-webhook",
    409,
    Fault.CONSUMER,
    Text("目录中未登记本系统的推送地址", "The catalogue holds no webhook address of this system"),
    Text(
        "请在业务系统的目录条目中登记 https 地址，或改用拉取。",
        "Have an https address entered in the system's catalogue entry, or pull.",
    ),
)
EVENT_KIND_UNKNOWN = ProblemKind(
    "event.unknown-kind",
    404,
    Fault.CONSUMER,
    Text("没有这种事件", "There is no such kind of event"),
    Text("请查阅接口文档中的事件种类。", "See the kinds of events in the interface description."),
)

# Certificates ------------------------------------------------------------

CERTIFICATE_NOT_YOURS = ProblemKind(
    "certificate.not-yours",
    403,
    Fault.CONSUMER,
    Text("只有证照所属部门可以登记其变更", "Only the department that owns the type records its changes"),
    Text("请由该材料类型的提供部门报告。", "Have the provider of this evidence type report it."),
)
CERTIFICATE_DIFFERS = ProblemKind(
    "certificate.differs",
    409,
    Fault.CONSUMER,
    Text("该证照标识已登记为另一类型或另一持证主体", "This identifier is on record with another type or holder"),
    Text("请核对证照标识与持证主体。", "Check the identifier and its holder."),
)
CERTIFICATE_OUT_OF_ORDER = ProblemKind(
    "certificate.out-of-order",
    409,
    Fault.CONSUMER,
    Text("已登记更晚生效的变更", "A change that took effect later is on record already"),
    Text("请按生效时间的先后报告。", "Report changes in the order in which they took effect."),
)
CERTIFICATE_CHANGE_IMPOSSIBLE = ProblemKind(
    "certificate.impossible-change",
    409,
    Fault.CONSUMER,
    Text("该证照的现有状态不能作此变更", "The certificate does not stand so that this change is possible"),
    Text("请按 stands 所示的现有状态报告。", "Report what is possible from where it stands (stands)."),
)
CERTIFICATE_CHANGED = ProblemKind(
    "certificate.changed",
    409,
    Fault.CONSUMER,
    Text("该证照刚有另一项变更", "Another change of this certificate was reported just now"),
    Text("请重新报告。", "Report it again."),
)
CERTIFICATE_NO_GRANT = ProblemKind(
    "certificate.no-grant",
    403,
    Fault.POLICY,
    Text(
        "没有适用于该办件与持证主体的现行授权",
        "No grant in force covers this type, this case and this holder",
    ),
    Text("请在涉及该持证主体的办件中，依现行授权查询。", "Ask within a case about the holder, under a grant in force."),
)
CERTIFICATE_NOT_ON_RECORD = ProblemKind(
    "certificate.not-on-record",
    404,
    Fault.CONSUMER,
    Text("本部门没有这一证照的记录", "Your department has no such certificate on record"),
    Text(
        "请核对证照标识与持证主体的号码，或先登记。",
        "Check the identifier and the holder's number, or record it first.",
    ),
)
CERTIFICATE_OTHER_HOLDER = ProblemKind(
    "certificate.other-holder",
    409,
    Fault.CONSUMER,
    Text("这不是该证照持证主体的号码", "This is not the number of the certificate's holder"),
    Text("请核对号码后重新填写。", "Check the number and type it again."),
)
CERTIFICATE_UNKNOWN = ProblemKind(
    "certificate.unknown",
    404,
    Fault.PROVIDER,
    Text("没有该主体这一证照的状态记录", "No status of such a certificate of this holder is on record"),
    Text("请按材料查询，或联系颁发部门。", "Ask for it as evidence, or ask the issuing department."),
)

# Answers by hand ------------------------------------------------------

TASK_UNKNOWN = ProblemKind(
    "task.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一答复任务，或与您所在的机构无关", "There is no such task, or it does not concern your organisation"),
    Text("请核对编号。", "Check the identifier."),
)
TASK_NOT_ALLOWED = ProblemKind(
    "task.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该任务作此操作", "This officer may not do this to the task now"),
    Text(
        "请由当前轮到的单位、领取任务的人员或需求部门的经办人操作。",
        "It is for the office whose turn it is, for whoever took it, or for the asking department.",
    ),
)
TASK_INCOMPLETE = ProblemKind(
    "task.incomplete",
    422,
    Fault.CONSUMER,
    Text("须写明理由；拒绝还须注明依据", "A reason is missing, or the provision that a refusal rests on"),
    Text("请按 detail 补充后再提交。", "Supply what detail names, then try again."),
)
TASK_CHANGED = ProblemKind(
    "task.changed",
    409,
    Fault.CONSUMER,
    Text("该任务刚有变化", "The task changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
TASK_SOURCE_GONE = ProblemKind(
    "task.source-gone",
    409,
    Fault.PROVIDER,
    Text("该材料类型已不由人工答复", "People no longer answer for this evidence type"),
    Text("请联系平台运维人员检查接入清单。", "Ask the platform operator to check the connector manifest."),
)
REFUSED_BY_OFFICE = ProblemKind(
    "source.refused-by-office",
    403,
    Fault.PROVIDER,
    Text("提供部门的工作人员拒绝提供，并注明了依据", "The office refuses to supply it, and cites why"),
    Text("请按所注依据与提供部门联系，或改用其他方式。", "Take it up with the office, or use another way."),
)
NOBODY_ANSWERED = ProblemKind(
    "source.not-answered-in-time",
    504,
    Fault.PROVIDER,
    Text("提供部门及替补单位均未在时限内答复", "Neither the office nor its substitutes answered in time"),
    Text("请改用其他方式，或重新请求。", "Use another way, or ask again."),
)

# Return flow ------------------------------------------------------------

RETURN_FLOW_NOT_GRANTED = ProblemKind(
    "return-flow.not-granted",
    403,
    Fault.POLICY,
    Text(
        "没有载明批量回流、限本区划的现行授权，或文件不是依现行授权制作",
        "No grant in force names bulk delivery for the own division, or the file was made under another grant",
    ),
    Text(
        "请申请提供方式含 bulk、限本区划、允许当事人不在场的授权；已变更的，请等待下一文件。",
        "Ask for a grant with delivery mode bulk, own division only, citizens absent; after a change, wait for the next"
        " file.",
    ),
)
RETURN_FLOW_SOURCE_CANNOT = ProblemKind(
    "return-flow.source-cannot-list",
    409,
    Fault.PROVIDER,
    Text("该数据源不能列出其全部记录", "The source cannot say of whom it holds records"),
    Text("请联系数据提供部门以表、视图或文件方式提供。", "Ask the provider to offer a table, a view or files."),
)
RETURN_FLOWS_TOO_MANY = ProblemKind(
    "return-flow.too-many",
    409,
    Fault.CONSUMER,
    Text("本系统的数据回流已达上限", "This system has as many return flows as it may"),
    Text("请先终止不用的回流。", "End those that are not used."),
)
RETURN_FLOW_UNKNOWN = ProblemKind(
    "return-flow.unknown",
    404,
    Fault.CONSUMER,
    Text("本系统没有这一数据回流", "This system has no such return flow"),
    Text("请先列出本系统的数据回流。", "List your return flows first."),
)
RETURN_FLOW_CHANGED = ProblemKind(
    "return-flow.changed",
    409,
    Fault.CONSUMER,
    Text("该数据回流刚被更改", "The return flow was changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
RETURN_FLOW_NOT_ALLOWED = ProblemKind(
    "return-flow.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该数据回流作此操作", "This officer may not do this to the return flow now"),
    Text(
        "commands 列出您现在可作的操作；其余由取用部门的人员办理，“重试”只用于没有做成的文件。",
        "The member commands lists what you may do now; the rest is for the department that gets the records, and only "
        "what failed is tried again.",
    ),
)
RETURN_FLOW_FILE_UNKNOWN = ProblemKind(
    "return-flow.unknown-file",
    404,
    Fault.CONSUMER,
    Text("没有这一文件或部分，或已过保留期", "There is no such file or part, or it is kept no longer"),
    Text("请先列出可取的文件。", "List the files that can be fetched."),
)

# Messages that leave the house ---------------------------------------

FORWARDING_UNKNOWN = ProblemKind(
    "forwarding.unknown",
    404,
    Fault.CONSUMER,
    Text("本人的职务没有这一接收地址", "No office of yours has such an address"),
    Text("请先列出本人职务的接收地址。", "List the addresses of your offices first."),
)
FORWARDING_CHANGED = ProblemKind(
    "forwarding.changed",
    409,
    Fault.CONSUMER,
    Text("该接收地址刚被更改", "The address was changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
FORWARDING_NOT_ALLOWED = ProblemKind(
    "forwarding.not-allowed",
    403,
    Fault.POLICY,
    Text("现在不能对该接收地址作此操作", "This cannot be done to the address now"),
    Text("commands 列出现在可作的操作。", "The member commands lists what can be done now."),
)
FORWARDINGS_TOO_MANY = ProblemKind(
    "forwarding.too-many",
    409,
    Fault.CONSUMER,
    Text("该职务的接收地址已达上限", "The office has as many addresses as it may"),
    Text("请先停用不用的地址。", "End those that are not used."),
)
FORWARDING_NO_MAIL = ProblemKind(
    "forwarding.no-mail",
    409,
    Fault.EXCHANGE,
    Text("本平台没有配置邮件发送", "This installation sends no mail"),
    Text("请改用推送地址，或请运维人员配置 mail_sender。", "Enter a webhook, or ask the operator to set mail_sender."),
)
FORWARDING_ASKED_JUST_NOW = ProblemKind(
    "forwarding.asked-just-now",
    409,
    Fault.CONSUMER,
    Text("确认链接刚刚发过", "The link was sent just now"),
    Text(
        "请先查看该地址收到的内容，五分钟后可再次发送。", "Look there first; it can be sent again after five minutes."
    ),
)
FORWARDING_ASKED_TOO_OFTEN = ProblemKind(
    "forwarding.asked-too-often",
    429,
    Fault.CONSUMER,
    Text("该职务一小时内发出的确认链接已达上限", "The office has had as many links sent within an hour as it may"),
    Text("请核对地址，一小时内稍后再试。", "Check the address, and try again later, within the hour."),
)
