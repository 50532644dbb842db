"""When to record: rules, timetables and calendars become occurrences, and each occurrence one session."""
