"""Texts that every bundle carries with its scores: a process that scores them otherwise must not serve it.

Written for this purpose; they touch every part of the scorer: scripts, capitals, links, length, quotes, evasion.
"""

TEXTS: tuple[tuple[str, str], ...] = (
    ("The minister lied about the budget again, and parliament let him.", "en"),
    ("You are a worthless idiot and nobody wants to read you.", "en"),
    ("Shelling killed two people in the suburb this morning, says the governor.", "en"),
    ("Earn $500 a day from home!!! Write to my Telegram @easy_cash or visit www.easy-cash.example", "en"),
    ("WHAT A DISGRACE", "en"),
    ("> you people should all leave\nNo. We live here, and that sentence is shameful.", "en"),
    ("Nice article, thank you for sharing this wonderful information with us.", "en"),
    ("y o u   s t u p i d   l i a r", "en"),
    ("Президент снова обещал то, чего не сделает. Стыдно за такую власть.", "ru"),
    ("Заткнись, тварь продажная.", "ru"),
    ("Купил iPhone вчера, а сегодня скидка.", "ru"),
    ("Зарабатывай от 5000 рублей в день, подробности в профиле!", "ru"),
    ("Хіба можна було чекати іншого від цього уряду?", "uk"),
    ("Ти нікчема і дурень, закрий рота.", "uk"),
    ("Дякую редакції за чесну статтю про об'єкти критичної інфраструктури.", "uk"),
    ("Das ist eine Schande für unser Land, aber Beleidigungen helfen niemandem.", "de"),
    ("ok", "und"),
    ("👍👍👍", "und"),
    ("a" * 400, "und"),
    ("Слава героям. " * 60, "uk"),
)
"""(text, its language)"""
