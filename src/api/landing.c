/* The page at "/"; see landing.h. It names this server's address as the browser knows it, taken from the Host header,
 * which the Host check has let through and which is escaped all the same. No script, no other file. */
#include "api/landing.h"

#include "app/app.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Millrace</title>\n<style>\n"
    ":root { color-scheme: light dark }\n"
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem }\n"
    "pre { padding: 1rem; overflow: auto; border: 1px solid #8884; border-radius: 6px }\n"
    "</style>\n<h1>Millrace</h1>\n"
    "<p>This is an MLflow tracking server. Log to it from Python:</p>\n<pre>import mlflow\n\nmlflow.set_tracking_uri(\"";
static const char tail[] =
    "\")\n\nwith mlflow.start_run():\n    mlflow.log_param(\"lr\", 0.01)\n    mlflow.log_metric(\"accuracy\", 0.97)</pre>\n"
    "<p>The same address goes into <code>MLFLOW_TRACKING_URI</code>. Read runs back with "
    "<code>mlflow.search_runs()</code>.</p>\n</html>\n";

static void put_escaped(struct buf *b, struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '<': BUF_LIT(b, "&lt;"); break;
        case '>': BUF_LIT(b, "&gt;"); break;
        case '&': BUF_LIT(b, "&amp;"); break;
        case '"': BUF_LIT(b, "&quot;"); break;
        default: buf_char(b, s.p[i]);
        }
    }
}

static void finish(struct exchange *x) {
    struct str scheme = exchange_header(x, "X-Forwarded-Proto");
    struct buf page = BUF_IN(x->c->arena);
    buf_z(&page, head);
    buf_z(&page, str_is(scheme, "https") ? "https://" : "http://");
    put_escaped(&page, exchange_header(x, "Host"));
    put_escaped(&page, x->app->config.static_prefix);
    buf_z(&page, tail);
    response_header(x, "Content-Security-Policy", STR("default-src 'none'; style-src 'unsafe-inline'"));
    response_header(x, "Cache-Control", STR("no-cache"));
    response_text(x, 200, "text/html; charset=utf-8", buf_end(&page));
}

const struct raw_handler landing_handler = {.finish = finish};
