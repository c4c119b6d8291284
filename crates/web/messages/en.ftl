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

# Lists of jobs: columns, states, and what can be done
jobs-select = Select
jobs-select-all = Select all on this page
jobs-select-one = Select { $jid }
jobs-state = State
jobs-job = Job
jobs-queue = Queue
jobs-arguments = Arguments
jobs-error = Error
jobs-retries = Retries
jobs-when = When
jobs-next-retry = Next retry
jobs-last-retry = Last retry
jobs-never = never
jobs-all = All
state-working = Working
state-waiting = Waiting
state-retries = Retries
state-scheduled = Scheduled
state-dead = Dead
deed-retry = Retry now
deed-add_to_queue = Add to queue
deed-kill = Kill
deed-delete = Delete
deed-kill-selected = Move the selected jobs to the dead ones?
deed-delete-selected = Delete the selected jobs for good?
pager-first = « First
pager-next = Next ›

# Retries, Scheduled, Dead
set-retries-empty = No failed job is waiting for another try.
set-scheduled-empty = No job is scheduled for later.
set-dead-empty = No job has used up its retries.
set-act-on-all = All { $total }:

# The search: its page and the box on other pages. Names of fields (type:, queue: …) are the same in every language
search-title = Search
search-jobs = Search these jobs
search-jobs-hint = type:Mail* error:timeout age>2h
search-find = Search
search-found = { $n ->
    [0] No job matches
    [one] 1 job matches
   *[other] { $n } jobs match
}
search-found-so-far = { $n ->
    [one] 1 job matches so far
   *[other] { $n } jobs match so far
}
search-go-on = Go on searching
search-nothing = No job matches. Finished jobs are not kept; the page Recent shows the last ones.
search-empty = Find jobs in every state: waiting, working, to be retried, scheduled, dead.
search-all = { $n ->
    [one] The job that matches:
   *[other] All { $n } that match:
}
search-all-uncounted = All that match:
search-pages = Pages of the search
search-wrong = { $what } (at character { $place })
search-syntax = What can be searched for
search-syntax-terms = Terms stand apart by blanks, and a job has to meet all of them; several of type, queue, jid or state mean any of these. * stands for any text, quotes keep blanks together, and upper and lower case are the same. A word alone is looked for in type, jid, error and arguments.
search-syntax-fields = type: queue: jid: are compared whole; error: and arg: are looked for anywhere in the text; state: is working, waiting, retries, scheduled or dead; age> and age< take 90s, 15m, 2h, 7d or 4w, counted from when a job was put into its queue or first failed; retries> and retries< take a number.

# The question before something is done to many jobs
act-retry = Retry jobs now
act-kill = Kill jobs
act-delete = Delete jobs
act-retry-question = { $n ->
    [one] Put 1 job into its queue now?
   *[other] Put { $n } jobs into their queues now?
}
act-kill-question = { $n ->
    [one] Move 1 job to the dead ones?
   *[other] Move { $n } jobs to the dead ones?
}
act-delete-question = { $n ->
    [one] Delete 1 job?
   *[other] Delete { $n } jobs?
}
act-retry-at-least = Put all that match into their queues now? They are more than { $n } jobs.
act-kill-at-least = Move all that match to the dead ones? They are more than { $n } jobs.
act-delete-at-least = Delete all that match? They are more than { $n } jobs.
act-retry-means = They are worked on as soon as a worker is free, without waiting for their time.
act-kill-means = Dead jobs are not tried again by themselves; they can be retried from the page Dead.
act-delete-means = Deleted jobs are gone for good.
act-working = Jobs that are being worked on are left alone, and so are jobs that come from now on.
act-whole-list = Every job of this list.
act-search = Jobs that match
act-more = { $n ->
    [one] and 1 more
   *[other] and { $n } more
}
act-pushed-out = { $n ->
    [one] The dead set holds { $most } jobs: 1 job, the oldest, would be pushed out of it and be gone.
   *[other] The dead set holds { $most } jobs: { $n } of them, the oldest, would be pushed out of it and be gone.
}
act-type = To confirm, type the number of jobs, { $n }:
act-retry-do = { $n ->
    [one] Retry 1 job
   *[other] Retry { $n } jobs
}
act-kill-do = { $n ->
    [one] Kill 1 job
   *[other] Kill { $n } jobs
}
act-delete-do = { $n ->
    [one] Delete 1 job
   *[other] Delete { $n } jobs
}
act-back = Back

# What is being done to many jobs, on every page. $what: which jobs
work-everywhere = All jobs
work-progress = Progress
work-cancel = Stop
work-dismiss = Close
work-retry-going = Retrying ({ $what }): { $n } so far
work-retry-going-of = Retrying ({ $what }): { $n } of { $of }
work-retry-done = { $n ->
    [one] 1 job retried ({ $what })
   *[other] { $n } jobs retried ({ $what })
}
work-retry-cancelled = Stopped; { $n } jobs were retried ({ $what })
work-retry-failed = Failed half-way; { $n } jobs were retried ({ $what }). The log of the server says why.
work-kill-going = Killing ({ $what }): { $n } so far
work-kill-going-of = Killing ({ $what }): { $n } of { $of }
work-kill-done = { $n ->
    [one] 1 job killed ({ $what })
   *[other] { $n } jobs killed ({ $what })
}
work-kill-cancelled = Stopped; { $n } jobs were killed ({ $what })
work-kill-failed = Failed half-way; { $n } jobs were killed ({ $what }). The log of the server says why.
work-delete-going = Deleting ({ $what }): { $n } so far
work-delete-going-of = Deleting ({ $what }): { $n } of { $of }
work-delete-done = { $n ->
    [one] 1 job deleted ({ $what })
   *[other] { $n } jobs deleted ({ $what })
}
work-delete-cancelled = Stopped; { $n } jobs were deleted ({ $what })
work-delete-failed = Failed half-way; { $n } jobs were deleted ({ $what }). The log of the server says why.

# One queue
queue-title = Queue { $name }

# The page Recent: the last jobs that a worker had in its hands, one line each
recent-title = Recent
# A box for the id of a job; the button leads to the job, wherever it is
recent-find = Where is it now?
recent-find-go = Find
# "jid" is the name that clients use for the id of a job
recent-jid = jid
recent-job = Job
recent-type = Type
recent-queue = Queue
recent-worker = Worker
# How long the job ran, and how long it had waited in its queue
recent-ran = Ran
recent-waited = Waited
recent-outcome = Outcome
recent-when = When
recent-any = any
recent-filter = Filter
recent-all = Show all
# Stands in place of the jid where no worker reported the end
recent-no-jid = no report
recent-empty = No job has been worked on since the server started.
recent-none = None of the last 1,000 jobs matches.
# $jid: what was looked for
recent-sought = No job with the jid { $jid } is in the store: it has ended, or never was. What is known of it lately stands below.

# How somebody's work on a job ended
outcome-done = done
outcome-failed = failed
outcome-died = dead
outcome-discarded = discarded
outcome-expired = expired
outcome-lost = worker lost
outcome-released = released

# The page Statistics, and the pages of one job type or queue
statistics-title = Statistics
statistics-span = Span of time
span-1h = 1 hour
span-24h = 24 hours
span-7d = 7 days
span-30d = 30 days
statistics-types = Job types
statistics-queues = Queues
statistics-type = Type
statistics-queue = Queue
# Titles of the pages of one: $name is the type or queue
statistics-of-type = Statistics of the type { $name }
statistics-of-queue = Statistics of the queue { $name }
# A link to the jobs of this type or queue
statistics-jobs = Its jobs
statistics-sums = In this span
statistics-name = Name
statistics-count = Processed
statistics-good = Succeeded
statistics-failed = Failed
statistics-lost = Lost with their worker
# How long jobs ran, and how long they had waited in their queue
statistics-run = Run time
statistics-wait = Time waited
statistics-run-said = Run time as three curves: the median, the 95th and the 99th percentile. The table below says the same.
statistics-wait-said = Time waited as three curves: the median, the 95th and the 99th percentile. The table below says the same.
# Heading of the small drawing in each row: how many there were over time
statistics-course = Over time
# The row of all those that have no row of their own
statistics-other = all others
statistics-empty = Nothing ended in this span.
statistics-throughput = Throughput
# $n processed, $failed of them failed; $from and $to are times
statistics-said = { $n } processed and { $failed } failed from { $from } to { $to }
# Marks are moments with a name, set by people and scripts, for example at a deployment
statistics-marks = Marks
statistics-mark = Mark this moment, for example as a deployment
statistics-set-mark = Set mark
statistics-no-marks = No mark in this span.
statistics-table = The figures as a table
statistics-when = From
