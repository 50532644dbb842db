"""How our own Celery app writes its log. A team's app, with ours attached or not, keeps its own way."""

from __future__ import annotations

import logging
from typing import Any

from celery.app.log import Logging as CelerysLogging
from celery.utils.log import ColorFormatter

from recorder_tasks import logs
from recorder_tasks.settings import load


class Logging(CelerysLogging):  # type: ignore[misc]
    """Celery's lines with what they are about; as JSON where ``LOG_JSON`` says so."""

    def setup_handlers(
        self,
        logger: logging.Logger,
        logfile: Any,
        format: str,
        colorize: bool | None,
        formatter: Any = ColorFormatter,
        datefmt: str | None = None,
        **_: Any,
    ) -> logging.Logger:
        if self._is_configured(logger):
            return logger
        settings = self.app.recorder_settings or load()
        handler = self._detect_handler(logfile)
        theirs = formatter(format, datefmt=datefmt, use_color=colorize)
        handler.setFormatter(logs.formatter(settings.log_json, theirs))
        logger.addHandler(handler)
        return logger
