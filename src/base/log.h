/* Log: one line per event on stderr, as text or JSON. The sink and its level are the only process-wide state
 * besides counters. */
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* Sets what is written from now on. Called once, before threads start. */
void log_setup(enum log_level level, enum log_format format);

/* Would a line of this level be written? For events that cost something to describe. */
int log_enabled(enum log_level level);

/* Writes one event; line breaks in it become spaces. Secrets must not be given. */
[[gnu::format(printf, 2, 3)]] void log_event(enum log_level level, const char *fmt, ...);

#define log_debug(...) log_event(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_event(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_event(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_event(LOG_ERROR, __VA_ARGS__)
