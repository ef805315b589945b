"""Sentences Whisper invents where nobody speaks: the credits of the videos it learnt from.

Data for `stt_gates`. Listing a sentence here never withholds it by itself: it only makes
the gates ask for better support from the audio. Polite words that people do say on the
telephone («감사합니다», "thank you") are listed apart and ask for less.
Matched as a whole text or, for OUTROS, also as its end; case, spaces and punctuation are ignored.
"""

from __future__ import annotations

OUTROS: tuple[str, ...] = (
    "시청해주셔서 감사합니다",
    "시청해 주셔서 감사합니다",
    "끝까지 시청해주셔서 감사합니다",
    "오늘도 시청해주셔서 감사합니다",
    "구독과 좋아요 부탁드립니다",
    "구독과 좋아요 알림 설정 부탁드립니다",
    "좋아요와 구독 부탁드립니다",
    "구독 부탁드립니다",
    "다음 영상에서 만나요",
    "다음 영상에서 뵙겠습니다",
    "다음 시간에 만나요",
    "이 영상은 여기까지입니다",
    "한글자막 by",
    "자막 제공",
    "자막 제작",
    "배달의민족 광고입니다",
    "thanks for watching",
    "thank you for watching",
    "thank you so much for watching",
    "please subscribe",
    "please subscribe to my channel",
    "don't forget to like and subscribe",
    "like and subscribe",
    "see you in the next video",
    "i'll see you in the next video",
    "see you next time",
    "subtitles by the amara.org community",
    "subtitles by",
    "transcription by castingwords",
    "ご視聴ありがとうございました",
    "最後までご視聴ありがとうございました",
    "チャンネル登録をお願いします",
    "字幕視聴ありがとうございました",
    "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
    "谢谢观看",
    "感谢观看",
    "字幕由amara.org社区提供",
    "untertitel der amara.org-community",
    "untertitel im auftrag des zdf für funk",
    "vielen dank fürs zuschauen",
    "sous-titres réalisés para la communauté d'amara.org",
    "sous-titrage société radio-canada",
    "merci d'avoir regardé cette vidéo",
    "subtítulos realizados por la comunidad de amara.org",
    "gracias por ver el video",
)

NEWS_SIGN_OFF = r"(mbc|kbs|sbs|jtbc|ytn|연합)\s*뉴스\s*\S{2,4}입니다"
"""«MBC 뉴스 이덕영입니다»: the reporter's name varies."""

POLITE: tuple[str, ...] = (
    "감사합니다",
    "고맙습니다",
    "네",
    "네 감사합니다",
    "아",
    "어",
    "음",
    "안녕하세요",
    "you",
    "thank you",
    "thanks",
    "bye",
    "bye bye",
    "okay",
    "oh",
    "so",
    "music",
    "the",
    "i",
    "i'm",
    "ありがとうございました",
    "谢谢",
    "danke",
    "merci",
    "gracias",
)
