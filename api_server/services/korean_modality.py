# ruff: noqa: E501 - a pattern is easier to read in one line, and Hangul counts double
"""Is it asserted? `원금이 보장됩니다` is; denied, asked, wished for, warned of or quoted, it is not.

Korean puts all of that behind what it concerns, so what follows a statement within its clause
decides. Two negations make an assertion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from api_server.services.korean_sentences import BIEUP_FINAL

# Where a new clause begins. After `-다고`, `-라고` (quoting) and `-면` the statement goes on.
CLAUSE = re.compile(
    r"(?<![다라자냐])고(?:요|여|서)?(?=[\s,.])|[는은인한된]데(?:요|도)?(?=[\s,.])|지만(?:요)?(?=[\s,.])|"
    r"니까(?:요)?(?=[\s,.])(?<!습니까)(?<!입니까)|(?<=[되하이시으])니(?=[\s,])|면서(?=[\s,])|거든요|"
    r"라서(?=[\s,])|므로|(?<=[거상품이])라(?=[\s,])|[,;]"
)
NEGATION = re.compile(
    r"않|(?<!잘)못(?!지)|아니|아닙|아닌|아녜|아녀|아님|불가|없|"
    # The adverb 안, not the noun ("십오 일 안에") nor a word that begins so (안내, 안전).
    r"(?<![가-힣])안(?:\s(?=[가-힣])|(?=[되돼됩된될됐해하합할한했]))(?!\s?(?:에|으로|쪽))|안(?=[되돼됩된될됐])|"
    r"지\s?(?:말|마)"
)
# Where 없 and 않 deny nothing of what was said.
NO_NEGATION = re.compile(
    r"없던\s?(?:일|걸)|없었던|(?:수\s?밖에|틀림|다름|문제|걱정|염려|상관|변함|예외|빠짐|의심|부담|관계)\S{0,2}\s?(?:없|안\s?하|마|않)|"
    r"지\s?않(?:습니까|나요|을까요|아요\?|겠습니까|겠어요\?)|뿐(?:만)?\s?아니|"
    r"아니(?:라|고)\s?(?:오히려|도리어)|못지\s?않"
)
BEFORE = re.compile(r"(?<![가-힣])[안못]\s?$")
QUESTION_END = re.compile(
    rf"(?:(?<![끝어만타안])(?<!\s)나요|까요|(?<=[{BIEUP_FINAL}])니까|는가요|은가요|인가요|건가요|[냐니]|을까|는지|을래요|실래요)[\s.?!]*$"
)
WH_QUESTION = re.compile(
    r"(?:어떡|어떻게|얼마|뭐|무슨|언제|어디|며칠|몇)\S*(?:\s\S+)?(?<![다])(?:요|죠|까)[\s.?]*$"
)
# A question in form only: it asserts.
TAG_QUESTION = re.compile(
    r"(?:죠|지요|쟎아요|잖아요|시고요|네요|지\s?않(?:습니까|나요|겠습니까|겠어요))[\s.?!]*$"
)
EMBEDDED_QUESTION = re.compile(r"[는은인신을일할될던]지|[냐나]고|냐는|여부|까\s?봐")
FACT = re.compile(
    r"(?:다는|라는|[는은한인될을된])\s?(?:점|것|거|걸|게|사실|부분|내용|건)\S{0,2}\s?.{0,6}?"
    r"(?:이해|확인|아시|아셨|알고|알아|들으|설명|안내|동의|인지|숙지|기억|유의|참고|감안|고려)"
)
CONDITION = re.compile(
    r"^[^\s,.]{0,6}(?:면|려면|시면|다면|라면)(?:은|요)?(?=[\s,.])(?!\s?[되돼됩됐])|경우(?:에는|엔|라면|에)"
)
WISH = re.compile(
    r"^\s?(?:을|를|이|가|되는|되시는|형)?\s?(?:걸|것을|거를|상품을|쪽을|게)?\s?(?:중요)?\S{0,3}\s?(?:꼭\s)?"
    r"(?:원하|바라|선호|희망|찾으|찾는|추구|중시|중요하)"
)
QUOTED = re.compile(
    r"[다라]고\s?(?:했는데|하던데|하시던데|그랬는데|하더라고)|(?:[다라자]|냐|은|는|까)(?:고|는|면서|던데|더라)\S{0,2}\s?.{0,10}?"
    r"(?:하는\s?(?:분|곳|데|사람|업체|설계사|말)|하시는\s?분|소리|안내(?:한|했던)|말(?:한|했던)|들으|들었|소문|오해|착각|광고|홍보|"
    r"생각하시는\s?분|아시는\s?분|여쭤|여쭈|물어|물으|문의|질문|말씀하[신셨시]|하셨는데|하던데|그러던데|"
    r"알고\s?계[신셨시]|믿[고으])"
)
WARNING = re.compile(
    r"오해|착각|잘못\s?(?:된|안내|알|들)|거짓|위법|불법|금지|사기|틀린\s?(?:말|얘기|설명)|사실이?\s?(?:아|과\s?다)|"
    r"조심하|주의하|의심하|경계하|위반"
)
# Said of another product, company or time than the one that is being sold.
ELSEWHERE = re.compile(
    r"다른\s?(?:회사|은행|데|상품|보험사|증권사|캐피탈)|타사|거기(?:는|거)|그쪽(?:은|에|이|도)|저쪽|"
    r"그\s?(?:회사|상품|은행|대출|보험)(?:은|는|도|에서|이|가)|작년에|재작년|옛날|친구(?:분)?(?:이|가|는|처럼)|아드님|따님|"
    r"예전에\s?(?:드신|들|하신|가입)|전에\s?(?:드신|들었던|하신|가입)|(?:지금|현재)\s?(?:쓰시는|갖고\s?계신|가지고\s?계신|캐피탈)|"
    r"카드사|자동차(?:보험)?(?:은|는)|요즘\s?은행|법정\s?최고|어느\s?금융사|뉴스|블로그"
)
ELSEWHERE_CHARS = 30
# Named, but put off or left to a document.
DEFERRED = re.compile(
    r"(?:하실|쓰실|오실|할|뵐)\s?때\S{0,2}\s?.{0,8}?(?:설명|안내|말씀)|"
    r"(?:하면서|뵙고|만나서)\s?.{0,8}?(?:설명|안내|말씀)|"
    r"(?:나중|추후|이따|다음\s?(?:번|주|통화|시간)|뒤에서|마지막에|끝에|그때|별도로|담당자가|해피\s?콜)\S{0,3}\s?.{0,14}?"
    r"(?:설명|안내|말씀|알려|짚어|얘기)|"
    r"(?:설명서|약관|앱|홈페이지|페이지|안내장|책자)\S{0,3}\s?.{0,12}?"
    r"(?:나와|적혀|쓰여|정리돼|정리되|참고|확인하(?:시|실)|보시면|있(?:습니다|어요|고요))"
)
DENIED_NEXT = re.compile(
    r"^(?:네|예|아|음|어|저|그|,|\s)*(?:아니요|아니오|아닙니다|아니에요|아니고|아뇨|"
    r"그(?:건|것은|렇지는|렇진|렇지|런\s?건|런\s?것은|런\s?상품은)\s?(?:아니|아닙|않|안|사실이?\s?아))"
)
UNDERCUT = re.compile(
    r"(?:그럴|그런|이럴|이런|손해\s?보실|손실\s?날)\s?(?:일|경우|건|거|걱정|염려)\S{0,2}\s?"
    r"(?:절대|전혀|거의|아예|실제로는?)?\s?(?:없|안\s?(?:하|생)|마)|"
    r"형식(?:적|상)"
)


@dataclass(frozen=True, slots=True)
class Modality:
    """How a statement is meant. `asserted` says that its speaker stands for it."""

    negated: bool
    asked: bool
    conditional: bool
    quoted: bool
    elsewhere: bool
    deferred: bool

    @property
    def asserted(self) -> bool:
        return not (self.negated or self.asked or self.conditional or self.quoted)


def modality_of(sentence: str, begin: int, end: int, following: str = "") -> Modality:
    """How `sentence[begin:end]` is meant; `following` is what the same speaker says next."""
    rest = sentence[end:]
    clause = _clause(rest)
    said = _last_clause(sentence[begin:end])
    negations = _negations(said + clause) + bool(BEFORE.search(sentence[:begin]))
    fact = FACT.search(clause) is not None
    return Modality(
        negated=negations % 2 == 1 or _denied(sentence, rest, following),
        asked=not fact and _asked(sentence, clause),
        conditional=CONDITION.search(clause) is not None or WISH.search(clause) is not None,
        quoted=QUOTED.search(clause) is not None or WARNING.search(clause) is not None,
        deferred=DEFERRED.search(sentence[begin:end] + clause) is not None,
        elsewhere=ELSEWHERE.search(sentence, max(0, begin - ELSEWHERE_CHARS), end) is not None,
    )


def is_question(sentence: str) -> bool:
    """Whether a sentence asks, by its ending."""
    ends = (QUESTION_END, WH_QUESTION, TAG_QUESTION)
    return sentence.rstrip().endswith("?") or any(end.search(sentence) for end in ends)


def undercut(rest: str, following: str) -> bool:
    """Whether a warning is taken back as soon as it is given: `그럴 일은 없습니다`."""
    return UNDERCUT.search(rest) is not None or UNDERCUT.search(following) is not None


def _clause(rest: str) -> str:
    boundary = CLAUSE.search(rest)
    return rest[: boundary.end()] if boundary else rest


def _last_clause(said: str) -> str:
    """What was said since the last clause ended: a denial before it concerns something else."""
    ends = [boundary.end() for boundary in CLAUSE.finditer(said)]
    return said[ends[-1] :] if ends else said


def _negations(clause: str) -> int:
    neutral = [match.span() for match in NO_NEGATION.finditer(clause)]
    return sum(
        not any(begin <= match.start() < end for begin, end in neutral)
        for match in NEGATION.finditer(clause)
    )


def _denied(sentence: str, rest: str, following: str) -> bool:
    """`원금 보장이요? 그건 아니고요`: the speaker repeats, then denies."""
    return DENIED_NEXT.match(following) is not None and ("요" in rest[:4] or "?" in sentence[-3:])


def _asked(sentence: str, clause: str) -> bool:
    if EMBEDDED_QUESTION.search(clause):
        return True
    if not sentence.endswith(clause.rstrip() or sentence):
        return False
    if TAG_QUESTION.search(sentence):
        return False
    asked = sentence.rstrip().endswith("?") or QUESTION_END.search(sentence) is not None
    return asked or WH_QUESTION.search(sentence) is not None
