# Every text of the dashboard, in English. One file per language; the format is Project Fluent's (a key, "=", a text; { $n } is
# filled in; a text may depend on a number's plural). Keys start with the page or part that shows them.

language = English

# What stands around every page
skip-to-content = Skip to the content
nav-pages = Pages
tab-home = Home
tab-recent = Recent
tab-busy = Busy
tab-queues = Queues
tab-retries = Retries
tab-scheduled = Scheduled
tab-dead = Dead
tab-statistics = Statistics
search-label = Search jobs
search-hint = Search: jid, type:, queue:, error: …
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
footer-language = Language
footer-theme = Appearance
theme-auto = Auto
theme-light = Light
theme-dark = Dark
# The state of the server, above every page: first what, then what it means.
banner-exposed = No password is set
banner-exposed-more = and other machines can reach this server: whoever does can read, change and delete every job.
banner-disk-full = The disk is full
banner-disk-full-more = and new jobs are refused until there is room again. Workers go on.
banner-memory-full = Memory is short
banner-memory-full-more = and new jobs are refused until there is some again. Workers go on.
banner-relaxed = Durability is relaxed
banner-relaxed-more = and a power loss may take what was answered in the last 100 ms.
