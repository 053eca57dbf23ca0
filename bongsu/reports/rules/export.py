"""What an export holds and is called: names carry only the record's ID, words are in both languages."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

ENDING = re.compile(r"\.([a-z0-9]{1,8})\Z")
CHECKSUMS = "checksums.sha256"

README = {
    "ko": """# {number} 기록 내보내기

만든 시각: {made_at} (UTC). 봉수(Bongsu) {version}. 설치 {installation}.{demo}

## 온전한지 확인하기

인터넷도 봉수도 필요 없습니다. Python 3.11 이상만 있으면 됩니다. 이 폴더에서 다음을 실행하세요.

    python3 verify_ledger.py . --public-key public-key.txt

0으로 끝나면 원장은 한 글자도 바뀌지 않았고, 파일은 모두 체크섬과 일치하며, 증거 파일은 원장에 적힌 해시와 같습니다.
봉인(seals.jsonl)은 데이터베이스 밖의 키로 서명되었습니다. 더 확실하게 하려면 공개 키와 봉인을 이 파일이 아닌 다른 경로로 받아
`--public-key`와 `--seal`로 함께 확인하세요.

## 들어 있는 것

- ledger.jsonl: 이 인시던트의 원장. 한 줄에 기록 하나({entries}줄).
- seals.jsonl: 원장을 덮는 봉인({seals}개). heads.json: 원장의 마지막 번호와 해시. public-key.txt: 봉인의 공개 키.
- incident.json: 인시던트의 현재 값, 담당 역할, 의무.
- evidence.json, evidence/: 증거 {files}개. 유해한 내용은 evidence/harmful/ 아래에 따로 있습니다({harmful}개).{withheld}
- messages.jsonl, messages.txt: 보낸 그대로의 메시지({messages}개). 받는 사람별 확인 링크만 빠져 있습니다.
- report/: 인시던트 보고서(Markdown, HTML, PDF).
- access.jsonl: 누가 이 기록을 열람하고 반출했는지.
- {checksums}: 모든 파일의 SHA-256.

이 파일에는 개인정보와 기밀이 들어 있을 수 있습니다. 필요한 사람에게만 전달하고, 받은 사람을 기록하세요.
""",
    "en": """# Export of the record {number}

Made at {made_at} (UTC) by Bongsu {version}. Installation {installation}.{demo}

## Check that it is whole

Neither the internet nor Bongsu is needed, only Python 3.11 or later. In this folder run

    python3 verify_ledger.py . --public-key public-key.txt

When it ends with 0, not a character of the ledger was changed, all files fit their checksums, and every evidence file is the one
whose hash stands in the ledger. The seals (seals.jsonl) are signed with a key outside the database. To be surer still, get the
public key and seals by another way than this file and give them with `--public-key` and `--seal`.

## What is in it

- ledger.jsonl: the ledger of this incident, one entry per line ({entries} lines).
- seals.jsonl: the seals that cover it ({seals}). heads.json: number and hash of its last entry.
- public-key.txt: the seals' public key.
- incident.json: the incident's present values, roles and duties.
- evidence.json, evidence/: {files} pieces of evidence. Harmful content lies apart in evidence/harmful/ ({harmful}).{withheld}
- messages.jsonl, messages.txt: messages as they were sent ({messages}), without each recipient's own link to acknowledge.
- report/: the incident report (Markdown, HTML, PDF).
- access.jsonl: who has read this record and taken it along.
- {checksums}: SHA-256 of all files.

This file may hold personal and confidential data. Hand it only to those who need it, and keep a record of whom.
""",
}
DEMO = {"ko": " **데모 데이터입니다.**", "en": " **This is demo data.**"}
WITHHELD = {
    "ko": " {n}개는 비밀유지특권 또는 열람 권한 때문에 빠졌고 evidence.json에 그렇게 적혀 있습니다.",
    "en": " {n} were left out because they are privileged or may not be revealed; evidence.json says which.",
}


def readme(language: str, values: Mapping[str, Any]) -> str:
    withheld = WITHHELD[language].format(n=values["withheld"]) if values["withheld"] else ""
    demo = DEMO[language] if values["is_demo"] else ""
    return README[language].format(**{**values, "withheld": withheld, "demo": demo, "checksums": CHECKSUMS})


def evidence_name(place: int, sha256: str, name: str, *, is_harmful: bool) -> str:
    """`evidence/003-1f2e3d4c.png`: a number, the beginning of its hash and a plain ending; never what a person called it."""
    ending = ENDING.search(name.lower())
    folder = "evidence/harmful" if is_harmful else "evidence"
    return f"{folder}/{place:03}-{sha256[:8]}.{ending[1] if ending else 'bin'}"


def zip_name(number: str) -> str:
    return f"{number}-export.zip"


def checksums(sums: Iterable[tuple[str, str]]) -> str:
    """As `sha256sum -c` reads it."""
    return "".join(f"{found}  {name}\n" for name, found in sums)
