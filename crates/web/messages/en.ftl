# Every text of the dashboard, in English. One file per language; the format is Project Fluent's (a key, "=", a text; { $n } is
# filled in; a text may depend on a number's plural). Keys start with the page or part that shows them.

language = English

# What stands around every page
skip-to-content = Skip to the content
nav-pages = Pages
tab-home = Home
tab-busy = Busy
tab-queues = Queues
tab-retries = Retries
tab-scheduled = Scheduled
tab-dead = Dead
status-active = active
status-idle = idle
summary-title = Summary
summary-processed = Processed
summary-failures = Failed
summary-busy = Busy
summary-enqueued = Enqueued
summary-retries = Retries
summary-scheduled = Scheduled
summary-dead = Dead
footer-connections = { $n ->
    [one] connection
   *[other] connections
}
footer-debug = Debug
footer-docs = Documentation
