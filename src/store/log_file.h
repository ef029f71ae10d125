/* Log file: the write-ahead log written in few large pieces. Used by sqlite.c for the writer's connection. */
#pragma once

/* The name of SQLite's own file layer with this one on top. */
#define LOG_FILE_VFS "millrace"

/* Makes LOG_FILE_VFS known to SQLite; called once, before it is used. */
void log_file_register(void);
