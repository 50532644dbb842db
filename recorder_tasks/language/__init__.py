"""Languages. The core speaks English, also into Redis and logs; it is translated where people read it.

``locale/recorder.pot`` holds what can be said: read off the code and the pages by ``make messages``.
"""

from recorder_tasks.language.languages import LANGUAGES, language_of, of_environment
from recorder_tasks.language.translator import Translator, translator

__all__ = ["LANGUAGES", "Translator", "language_of", "of_environment", "translator"]
