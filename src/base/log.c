/* Log sink; see log.h. A line is written with one write(2), so lines of threads never mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"

static struct {
    enum log_level level;
    enum log_format format;
} sink = {LOG_INFO, LOG_TEXT};

static const char *const names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

void log_setup(enum log_level level, enum log_format format) {
    sink.level = level;
    sink.format = format;
}

int log_enabled(enum log_level level) {
    return level >= sink.level;
}

/* "2026-01-31T12:00:00.123Z" */
static void put_time(struct buf *b) {
    struct timespec t;
    struct tm tm;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_fmt(b, "%s.%03dZ", text, (int)(t.tv_nsec / 1000000));
}

static void put_line(struct buf *b, enum log_level level, struct str event) {
    if (sink.format == LOG_JSON) {
        BUF_LIT(b, "{\"time\":\"");
        put_time(b);
        buf_fmt(b, "\",\"level\":\"%s\",\"event\":", names[level]);
        json_put_string(b, event);
        BUF_LIT(b, "}\n");
        return;
    }
    put_time(b);
    buf_fmt(b, " %s ", names[level]);
    for (size_t i = 0; i < event.n; i++)
        buf_char(b, (unsigned char)event.p[i] < 0x20 ? ' ' : event.p[i]);
    buf_char(b, '\n');
}

void log_event(enum log_level level, const char *fmt, ...) {
    char event[2048];
    if (!log_enabled(level))
        return;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(event, sizeof event, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof event ? (size_t)n : sizeof event - 1;
    struct buf line = {0};
    put_line(&line, level, (struct str){event, len});
    ssize_t ignored = write(STDERR_FILENO, line.p, line.n);
    (void)ignored;
    buf_free(&line);
}
