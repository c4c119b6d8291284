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
tab-batches = Batches
tab-throttles = Throttles
tab-retries = Retries
tab-scheduled = Scheduled
tab-dead = Dead
tab-cron = Cron
tab-statistics = Statistics
search-label = Search jobs
search-hint = Search: jid, type:, queue:, error: …
# Whether the page follows what happens by itself
live-live = Live
live-paused = Paused
live-lost = No answer
live-hint = Pause or go on
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
footer-tokens = Tokens
footer-audit = Audit log
footer-unique = Unique keys
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
# When a deleted job can no longer be brought back
jobs-gone-at = Gone for good
jobs-never = never
state-working = Working
state-waiting = Waiting
state-retries = Retries
state-scheduled = Scheduled
state-dead = Dead
state-discarded = Deleted
# Of one job
state-one-working = Working
state-one-waiting = Waiting
state-one-retries = To be retried
state-one-scheduled = Scheduled
state-one-dead = Dead
state-one-discarded = Deleted
deed-retry = Retry now
deed-add_to_queue = Add to queue
deed-kill = Kill
deed-delete = Delete
deed-restore = Bring back
deed-kill-selected = Move the selected jobs to the dead ones?
deed-delete-selected = Delete the selected jobs?
pager-first = « First
pager-next = Next ›

# Retries, Scheduled, Dead
set-retries-empty = No failed job is waiting for another try.
set-scheduled-empty = No job is scheduled for later.
set-dead-empty = No job has used up its retries.
set-discarded-empty = No deleted job can be brought back.
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
search-syntax-terms = Terms stand apart by blanks, and a job has to meet all of them; several of type, queue, jid or state mean any of these, as do commas in type:, queue: and state:. * stands for any text, quotes keep blanks together, and upper and lower case are the same. A word alone is looked for in type, jid, error and arguments.
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
act-delete-means = Deleted jobs can be brought back for a minute; then they are gone for good.
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
act-grown = Nothing was done: the count was { $n }, and by now more match. This is their number now.
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

# Moving jobs to another queue: buttons, the question where to, and what becomes of it. $to: the queue, $what: which jobs
deed-move = Move
move-title = Move to another queue
move-to = To the queue
act-move = Move jobs to another queue
act-move-question = { $n ->
    [one] Move 1 job to another queue?
   *[other] Move { $n } jobs to another queue?
}
act-move-at-least = Move all that match to another queue? They are more than { $n } jobs.
act-move-means = Jobs that wait go to the end of that queue; failed, scheduled and dead ones stay as they are and go there when their time comes.
act-move-do = { $n ->
    [one] Move 1 job
   *[other] Move { $n } jobs
}
work-move-going = Moving to { $to } ({ $what }): { $n } so far
work-move-going-of = Moving to { $to } ({ $what }): { $n } of { $of }
work-move-done = { $n ->
    [one] 1 job moved to { $to } ({ $what })
   *[other] { $n } jobs moved to { $to } ({ $what })
}
work-move-cancelled = Stopped; moved to { $to }: { $n } ({ $what })
work-move-failed = Failed half-way; moved to { $to }: { $n } ({ $what }). The log of the server says why.
deed-edit = Edit
act-edit = Edit jobs and enqueue them again
act-edit-question = { $n ->
    [one] Edit 1 job and put it into its queue?
   *[other] Edit { $n } jobs and put them into their queues?
}
act-edit-at-least = Edit all that match and put them into their queues? They are more than { $n } jobs.
act-edit-means = All of them get what is filled in here; what is left empty stays as it is with each. They keep their jids, and are worked on as soon as a worker is free.
act-edit-types = These jobs are of several types: one set of arguments seldom fits them all.
act-edit-do = { $n ->
    [one] Edit and enqueue 1 job
   *[other] Edit and enqueue { $n } jobs
}
work-edit-going = Editing ({ $what }): { $n } so far
work-edit-going-of = Editing ({ $what }): { $n } of { $of }
work-edit-done = { $n ->
    [one] 1 job edited and enqueued ({ $what })
   *[other] { $n } jobs edited and enqueued ({ $what })
}
work-edit-cancelled = Stopped; jobs edited and enqueued: { $n } ({ $what })
work-edit-failed = Failed half-way; jobs edited and enqueued: { $n } ({ $what }). The log of the server says why.
order-hint = Lists stand in the order of time alone: any other would have to read them whole, a million jobs too. To see one type or queue, search for type: or queue:.

# The page that edits a job
edit-link = Edit
edit-title = Edit job
edit-means = The job keeps its jid, its place and what is known of its last failure. Retries allowed: -1 for none, then it is dead; 0 for none, then it is dropped.
edit-too-long = The arguments of this job are longer than 64 KiB and cannot be edited here. The command line and the API can.
edit-save = Save
edit-enqueue = Save and enqueue now

# What is being done to many jobs, on every page. $what: which jobs
work-everywhere = All jobs
work-progress = Progress
work-cancel = Stop
work-dismiss = Close
work-undo = Undo
# The page of all that was done lately
works-title = What was done to jobs
works-none = Nothing was done to many jobs lately.
work-undone = { $n ->
    [one] 1 job was brought back
   *[other] { $n } jobs were brought back
}
work-retry-going = Retrying ({ $what }): { $n } so far
work-retry-going-of = Retrying ({ $what }): { $n } of { $of }
work-retry-done = { $n ->
    [one] 1 job retried ({ $what })
   *[other] { $n } jobs retried ({ $what })
}
work-retry-cancelled = Stopped; retried: { $n } ({ $what })
work-retry-failed = Failed half-way; retried: { $n } ({ $what }). The log of the server says why.
work-kill-going = Killing ({ $what }): { $n } so far
work-kill-going-of = Killing ({ $what }): { $n } of { $of }
work-kill-done = { $n ->
    [one] 1 job killed ({ $what })
   *[other] { $n } jobs killed ({ $what })
}
work-kill-cancelled = Stopped; killed: { $n } ({ $what })
work-kill-failed = Failed half-way; killed: { $n } ({ $what }). The log of the server says why.
work-delete-going = Deleting ({ $what }): { $n } so far
work-delete-going-of = Deleting ({ $what }): { $n } of { $of }
work-delete-done = { $n ->
    [one] 1 job deleted ({ $what })
   *[other] { $n } jobs deleted ({ $what })
}
work-delete-cancelled = Stopped; deleted: { $n } ({ $what })
work-delete-failed = Failed half-way; deleted: { $n } ({ $what }). The log of the server says why.

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
recent-unknown = No job with the jid { $jid } is in the store: it has ended a while ago, or never was. Of the last 1,000 jobs, none has it.

# How somebody's work on a job ended
outcome-done = done
outcome-failed = failed
outcome-died = dead
outcome-discarded = discarded
outcome-expired = reservation expired
outcome-lost = worker lost
outcome-released = released
outcome-overdue = not run in time

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
# $processed in all, $failed of them failed; $from and $to are times
statistics-said = { $processed } processed and { $failed } failed from { $from } to { $to }
# One bar of the chart: $at is a time
statistics-at = { $at }: { $processed } processed, { $failed } failed
# Marks are moments with a name, set by people and scripts, for example at a deployment
statistics-marks = Marks
statistics-mark = Mark this moment, for example as a deployment
statistics-set-mark = Set mark
statistics-no-marks = No mark in this span.
statistics-table = The figures as a table
statistics-when = From
# How far away a moment is, and how long something takes
moment-now = just now
moment-invalid = invalid timestamp
moment-ago-second = { $n ->
    [one] { $n } second ago
   *[other] { $n } seconds ago
}
moment-ago-minute = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
moment-ago-hour = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
moment-ago-day = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
moment-ago-month = { $n ->
    [one] { $n } month ago
   *[other] { $n } months ago
}
moment-ago-year = { $n ->
    [one] { $n } year ago
   *[other] { $n } years ago
}
moment-ahead-second = { $n ->
    [one] { $n } second from now
   *[other] { $n } seconds from now
}
moment-ahead-minute = { $n ->
    [one] { $n } minute from now
   *[other] { $n } minutes from now
}
moment-ahead-hour = { $n ->
    [one] { $n } hour from now
   *[other] { $n } hours from now
}
moment-ahead-day = { $n ->
    [one] { $n } day from now
   *[other] { $n } days from now
}
moment-ahead-month = { $n ->
    [one] { $n } month from now
   *[other] { $n } months from now
}
moment-ahead-year = { $n ->
    [one] { $n } year from now
   *[other] { $n } years from now
}
moment-span-second = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
moment-span-minute = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
moment-span-hour = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
moment-span-day = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
moment-span-month = { $n ->
    [one] { $n } month
   *[other] { $n } months
}
moment-span-year = { $n ->
    [one] { $n } year
   *[other] { $n } years
}

# The links between the pages of a list
pager-jobs = Pages of jobs
pager-queues = Pages of queues
pager-processes = Pages of processes
pager-range = { $from }–{ $to } of { $total }
pager-none = no page { $page }
pager-previous = ‹ Previous
pager-last = Last »

# Home
home-throughput = Throughput
home-throughput-words = Attempts that were done and that failed, per second, over the last ten minutes
home-done = done
home-every = Every
home-latency = Latency
home-latency-words = Run time and time waited, the 95th percentile, over the last ten minutes
# The 95th percentile of how long jobs ran, and of how long they had waited
home-run = run, p95
home-wait = wait, p95
home-pulse-at = { $time }: { $done }/s done, { $failed }/s failed, run { $run }, wait { $wait }
home-pulse-unknown = { $time }: nothing is known
home-history = History
home-history-length = Length of the history
home-history-day = { $date }: { $processed } processed, { $failed } failed
home-history-words = { $processed } processed and { $failed } failed from { $since } to { $until }
home-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
home-failed = failed
home-attention = Needs attention
home-attention-none = Nothing does: no queue is late, nothing is dead.
home-no-workers = { $n ->
    [one] { $n } job waits, and no worker process is connected
   *[other] { $n } jobs wait, and no worker process is connected
}
# The next job of this queue has waited for long; how long stands beside it.
home-queue-late = Queue { $queue } is late
home-queue-paused = Queue { $queue } is paused
home-waiting = { $n ->
    [one] { $n } job waits
   *[other] { $n } jobs wait
}
home-dead = { $n ->
    [one] { $n } dead job
   *[other] { $n } dead jobs
}
home-quiet = { $n ->
    [one] { $n } worker process takes no more jobs
   *[other] { $n } worker processes take no more jobs
}
home-retries = { $n ->
    [one] { $n } job has failed and will be retried
   *[other] { $n } jobs have failed and will be retried
}
home-queues = Queues
home-share = Length of { $queue } beside the longest queue
home-more-queues = { $n ->
    [one] { $n } more queue
   *[other] { $n } more queues
}
home-server = Server
home-version = Version
home-uptime = Up for
home-connections = Connections
home-memory = Memory
home-commands = Commands

# Lists of jobs, on several pages
# Followed by a number
jobs-selected = Selected:
actions = Actions

# The page that asks before something is done
confirm-type = Type { $name } to go on
confirm-back = Do nothing

# Busy. A worker process that is quiet finishes what it has and fetches no more.
busy-processes = Processes
busy-process = Process
busy-queues = Asks for
busy-more-queues = and { $n } more
busy-started = Started
busy-beat = Last beat
busy-connections = Connections
busy-memory = Memory
busy-busy = Busy
busy-no-processes = No worker process is connected.
busy-stage-quiet = quiet
busy-stage-terminate = terminating
busy-quiet = Quiet
busy-quiet-named = Quiet { $host }
busy-quiet-all = Quiet all
busy-quiet-all-question = Quiet all worker processes? They finish what they have and fetch no more.
busy-stop = Stop
busy-stop-named = Stop { $host }
busy-stop-all = Stop all
busy-stop-question = Stop { $host }?
busy-stop-all-question = { $n ->
    [one] Stop the only worker process?
   *[other] Stop all { $n } worker processes?
}
busy-stop-jobs = { $n ->
    [0] No job is being worked on there.
    [one] { $n } job is being worked on there.
   *[other] { $n } jobs are being worked on there.
}
busy-stop-means = A worker process learns of it at its next beat, stops fetching, and ends when its jobs have. A job that does not end in time is given to another worker.
busy-jobs = Jobs
busy-no-jobs = No job is being worked on.
busy-runs = Running for
busy-release = Release
busy-release-named = Release { $jid }
busy-release-question = Give this job to another worker? It goes back to the head of its queue, and what its worker still says of it no longer counts.
busy-runs-of = Of its reservation of { $time }

# How far a job says that it is (TRACK SET), on Busy and on its page

progress-title = Progress
# $percent: 0 to 100
progress-percent = { $percent }%

# Queues, and one queue
queues-empty = No queue yet: one appears with its first job.
queues-name = Queue
queues-size = Size
queues-oldest = Oldest
queues-working = Working
# Jobs a second that come to the queue and leave it
queues-in = In
queues-out = Out
queues-paused = paused
queues-pause = Pause
queues-pause-named = Pause { $queue }
queues-resume = Resume
queues-resume-named = Resume { $queue }
queues-clear = Clear
queues-clear-named = Clear { $queue }
queue-oldest = the next job has waited { $time }
queue-empty = No job is waiting here.
queue-enqueued = Enqueued
queue-kill = Kill
queue-kill-question = Move the selected jobs to the dead ones?
queue-delete = Delete
queue-delete-question = Delete the selected jobs?
queue-clear-question = Clear the queue { $queue }?
queue-clear-means = { $n ->
    [0] No job waits in it.
    [one] { $n } job that waits in it is deleted for good. A job that is being worked on goes on.
   *[other] { $n } jobs that wait in it are deleted for good. Jobs that are being worked on go on.
}

# A job
job-more = More jobs have this jid than are shown here.
job-state = State
job-queued = Waiting in its queue
job-scheduled = Scheduled
job-retrying = Waiting for its next retry
job-dead = Dead
job-working = Being worked on
job-ended = This job is no longer here.
job-ended-known = How the last attempts at it ended:
job-ended-unknown = What became of it is not known any more; only the last 1,000 jobs are remembered.
job-discarded = Discarded
job-retry = Retry now
job-enqueue = Add to queue
job-delete = Delete
job-delete-question = Delete this job?
job-kill = Kill
job-kill-question = Move this job to the dead ones?
job-failure = Last failure
job-error = Error
job-trace = Stack trace
job-no-trace = The worker sent no stack trace.
job-contents = Contents
job-custom = Custom
job-download = Download the whole job
job-cut = { $shown } of { $whole } are shown; the download has all of it.
# What happened when; a moment stands behind each: "created 3 minutes ago"
job-step-created = Created
job-step-asked = Asked to run
job-step-enqueued = Enqueued
job-step-not-enqueued = Not enqueued yet
job-step-waits = Waits for a worker
job-step-failed = { $n ->
    [one] Failed once
   *[other] Failed { $n } times
}
job-step-first-failure = the first time
job-step-started = Started
job-step-reserved = Reserved until
job-step-runs = Runs
job-step-retry = Next retry
job-step-kept = Kept until
job-step-expires = Expires
job-step-expired = Expired
job-no-wid = a client without a wid
job-facts = Figures
job-jid = Jid
job-retry-count = Retry count
job-remaining = Retries left
job-retries = Retries allowed
job-retries-die = none, then it is dead
job-retries-discard = none, then it is dropped
job-reserve-for = Reserved for
job-size = Size
job-bytes = { $n ->
    [one] { $n } byte
   *[other] { $n } bytes
}

# Debug
debug-yes = yes
debug-no = no
debug-server = Server
debug-version = Version
debug-compatible = Compatible with Faktory
debug-environment = Environment
debug-binding = Commands at
debug-base-path = Base path
debug-uptime = Up for
debug-connections = Connections
debug-commands = Commands
debug-memory = Memory
debug-memory-full = Memory full
debug-reloads-refused = Reloads refused
debug-certificate = Certificate valid until
debug-password = A password is set
debug-exposed = Open to others without a password
debug-missed = Events that statistics missed
debug-store = Store
debug-data = Data directory
debug-durability = Durability
debug-disk-full = Disk full
debug-disk-free = Room on the disk
debug-answer = Answer of the engine
debug-log = Log of the store
debug-log-length = Length
debug-log-live = Of that alive, about
debug-log-disk = On the disk, with spares
debug-log-segments = Segments
debug-log-spares = Spare segments
debug-log-given-up = Segments given up
debug-log-cleaned = Segments cleaned
debug-log-cleaned-bytes = Told again by cleaning
debug-log-cleaned-at = Last cleaning
debug-flushes = Flushes of the log
debug-turns = Turns of the engine
debug-spread-at = up to { $time }: { $n }
debug-spread-words = How often { $n } of them took how long
debug-since = Since the start
debug-accepted = Jobs accepted
debug-repushed = Pushes answered as repeats
debug-scheduled = Scheduled jobs enqueued
debug-retries = Retries enqueued
debug-reaped = Reservations expired
debug-workers-lost = Workers lost
debug-jobs-lost = Jobs taken back from lost workers
debug-released = Jobs released by operators
debug-stale = ACKs and FAILs without effect
debug-undelivered = Deliveries that reached nobody
debug-dead-dropped = Jobs dropped from the dead set
debug-expired = Jobs dropped because their time was over
debug-unique-locks = Unique keys taken
debug-unique-denied = Pushes refused as not unique
debug-rejected = Refused input
debug-rejected-none = Nothing was refused.

# The audit log: who has changed what
audit-title = Audit log
audit-means = Every change that was made by a page, the API or the port for jobs, newest first. The last 10,000 are kept.
audit-export = Save all as JSON lines
audit-find = Find
audit-find-go = Search
audit-all = Show all
audit-empty = Nobody has changed anything.
audit-at = When
audit-who = Who
audit-action = What
audit-object = Of what
audit-count = How many
audit-older = Older
# Who: the role, and by which way. What: as the log keeps it, in words of the language
audit-role-open = open
audit-role-admin = admin
audit-role-viewer = viewer
audit-role-token = token
audit-by-page = page
audit-by-api = API
audit-by-port = port for jobs
audit-did-retry = retry
audit-did-delete = delete
audit-did-discard = discard
audit-did-restore = restore
audit-did-kill = kill
audit-did-release = release
audit-did-move = move
audit-did-edit = edit
audit-did-clear = clear
audit-did-clear-queue = clear queue
audit-did-pause-queue = pause queue
audit-did-resume-queue = resume queue
audit-did-remove-queue = remove queue
audit-did-cancel-batch = cancel batch
audit-did-check-batch = check batch
audit-did-release-key = release key
audit-did-set-throttle = set throttle
audit-did-reset-throttle = reset throttle
audit-did-run-cron-entry = run cron entry
audit-did-pause-cron-entry = pause cron entry
audit-did-resume-cron-entry = resume cron entry
audit-did-wake-worker = wake worker
audit-did-quiet-worker = quiet worker
audit-did-stop-worker = stop worker
audit-did-create-token = create token
audit-did-revoke-token = revoke token
audit-did-mark = mark

# Tokens: what scripts are let in by. Scopes are words of the API and stay as they are; what they mean stands beside them.
tokens-title = Tokens
tokens-means = A script that has a token may do what the token's scopes say. It sends it as Authorization: Bearer.
tokens-open = No password is set, so everybody may do everything and nobody asks for a token.
tokens-made = This is the new token. It is shown this once: take it now.
tokens-empty = There are no tokens.
tokens-name = Name
tokens-scopes = Scopes
tokens-created = Created
tokens-used = Last used
tokens-expires = Expires
tokens-expired = expired
tokens-never = never
tokens-revoke = Revoke
tokens-new = New token
tokens-days = Days it is good for (empty: until it is revoked)
tokens-create = Create
tokens-scope-read = see everything but tokens and the audit log
tokens-scope-push = push jobs and set marks
tokens-scope-operate = act on jobs, queues and workers
tokens-scope-admin = everything

# Batches, and one of them
batches-all = All
batches-states = States
batches-empty = No batch yet: one appears with BATCH NEW.
batches-none = No batch is in this state.
batches-older = Older
batches-batch = Batch
batches-one = Batch { $bid }
batches-state = State
batches-progress = Progress
batches-failed = Failed
batches-created = Created
batches-state-open = open
batches-state-running = running
batches-state-failing = failing
batches-state-succeeded = succeeded
batches-state-failed = failed
batches-state-cancelled = cancelled
batches-parent = part of
batches-closed-at = closed
batches-forgotten-at = forgotten
batches-check = Check
batches-checked-nothing = Checked: nothing had to be put right.
batches-checked = Checked. Things put right: { $n }
batches-cancel = Cancel
batches-cancel-question = Cancel the batch { $bid }?
batches-cancel-means = No callback comes any more. Members that wait are deleted, also those of the batches below it; what is being worked on is finished, and what is dead stays.
batches-waits = Waits for
batches-waits-nothing = Nothing more comes.
batches-wait-commit = BATCH COMMIT; without one it is forgotten.
batches-wait-again = BATCH COMMIT, since it was opened again; without one it is closed.
batches-wait-members = Jobs that did not run yet: { $n }
batches-wait-failing = Jobs that failed, to be tried again or dead: { $n }
batches-wait-children = Batches below it, and their callbacks: { $n }
batches-wait-callback = The callback { $name }, which was pushed
batches-wait-lost = The callback { $name }, whose job was deleted; Check pushes it again.
batches-wait-never = The callback success never comes; jobs that ended without ACK: { $n }
batches-members = Members
batches-living = Members to be done
batches-living-none = No member is left: all of them have ended.
batches-more = There are more members than were counted here.
batches-job = Job
batches-place = Where
batches-place-done = done
batches-place-gone = gone without ACK
batches-place-working = being worked on
batches-place-queued = waiting
batches-place-retrying = to be tried again
batches-place-scheduled = scheduled
batches-place-dead = dead
batches-place-discarded = discarded
batches-callbacks = Callbacks
batches-call-waits = not yet
batches-call-pushed = pushed
batches-call-done = done
batches-children = Batches below it

# The page of a problem: its heading by the status of HTTP, and what is said most
problem-400 = Bad Request
problem-401 = Unauthorized
problem-403 = Forbidden
problem-404 = Not Found
problem-405 = Method Not Allowed
problem-408 = Request Timeout
problem-409 = Conflict
problem-413 = Payload Too Large
problem-414 = URI Too Long
problem-415 = Unsupported Media Type
problem-421 = Misdirected Request
problem-422 = Unprocessable Content
problem-429 = Too Many Requests
problem-431 = Request Header Fields Too Large
problem-500 = Internal Server Error
problem-503 = Service Unavailable
problem-home = To the home page
problem-status = Status
problem-internal = Internal error; the log of the server says more
problem-no-page = There is no such page
problem-no-password = Authorization required
problem-wrong-password = Authorization failed
problem-viewer = This password only reads; a change needs the other one
problem-viewer-admin = This needs the password: the read-only one shows no tokens and no audit log

# Unique keys: which job holds which
unique-title = Unique keys
unique-means = Each key is held by one job. While it is held, a push of a job with the same key is refused. Releasing a key lets the next one in; the job that held it goes on without.
unique-key = Key
unique-find = Show
unique-all = Show all
unique-empty = No unique key is held.
unique-free = This key is free.
unique-job = Job
unique-queue = Queue
unique-state = State
unique-until = Held until
unique-release = Release
unique-release-named = Release the key of { $jid }
unique-release-question = Release this key? The next job with the same key is let in, also while this one is still there.
unique-success = at the latest: free when the job succeeds
unique-start = at the latest: free when the job starts
unique-expiry = in any case
unique-done = Done
unique-next = Next

# Throttles: what limits queues
throttles-title = Throttle { $queue }
throttles-means = What limits queues, and who holds the slots. To workers a queue that is full is an empty one.
throttles-empty = No queue has limits. They are set here, or by [throttles] in the configuration.
throttles-limits = Limits
throttles-taken = Taken
throttles-holders = Held by
throttles-waiting = Waiting
throttles-tokens = Tokens
throttles-concurrency = At once: { $n }
throttles-worker = Each worker: { $n }
throttles-rate = Begun: { $n } per { $time }
throttles-burst = In one go: { $n }
throttles-none = No limit
throttles-full = full
throttles-set = set by an operator
throttles-next = next in { $time }
throttles-nobody = no worker
throttles-idle = Nobody holds a slot.
throttles-slots-of = Slots of { $queue } that are taken
throttles-configured = The configuration says: { $limits }
throttles-new = Limit a queue
throttles-change = Change the limits
throttles-field-concurrency = Jobs at once, all workers together
throttles-field-worker = Jobs at once, each worker
throttles-field-rate = Jobs begun in each span
throttles-field-per = The span in seconds (empty: 1)
throttles-field-burst = Jobs begun in one go (empty: as many as in a span)
throttles-save = Set
throttles-lift = Lift all limits
throttles-reset = Back to the configuration

# Cron: jobs that are pushed by the clock
cron-title = Cron
cron-empty = No job is pushed by the clock: entries are tables of [[cron]] in the configuration.
cron-entry = Entry
cron-schedule = Schedule
cron-zone = Time zone
cron-job = Job
cron-next = Next run
cron-last = Last run
cron-missed = Missed ticks
cron-missed-skip = are skipped
cron-missed-once = the last one is made up for
cron-missed-all = are made up for
cron-jitter = Spread
cron-jitter-seconds = { $n ->
    [one] up to { $n } second
   *[other] up to { $n } seconds
}
cron-off = off
cron-paused = paused
cron-run = Run now
cron-run-named = Run now: { $id }
cron-pause = Pause
cron-pause-named = Pause { $id }
cron-resume = Resume
cron-resume-named = Resume { $id }
cron-entry-title = Cron entry { $id }
cron-runs = Last runs
cron-runs-empty = It has not run yet.
cron-tick = Tick
cron-outcome = Outcome
cron-ended = Ended
cron-fails = Failures
cron-by-hand = by hand
cron-at-working = working
cron-at-queued = enqueued
cron-at-retries = failed, will be retried
cron-at-scheduled = scheduled
cron-at-dead = dead
cron-at-discarded = discarded
cron-ran-pushed = pushed
cron-ran-done = done
cron-ran-died = died
cron-ran-discarded = failed and discarded
cron-ran-deleted = deleted
cron-ran-expired = expired
cron-ran-refused = refused
cron-ran-missed = { $n ->
    [one] missed
   *[other] { $n } missed
}
cron-ran-paused = { $n ->
    [one] skipped while paused
   *[other] { $n } skipped while paused
}
cron-every-second = { $n ->
    [one] Every second
   *[other] Every { $n } seconds
}
cron-every-minute = { $n ->
    [one] Every minute
   *[other] Every { $n } minutes
}
cron-every-hour = { $n ->
    [one] Every hour
   *[other] Every { $n } hours
}
cron-every-day = { $n ->
    [one] Every day
   *[other] Every { $n } days
}
cron-hourly = Every hour at minute { $minute }
cron-times = At { $times }
cron-weekdays = on { $days }
cron-monthdays = on day { $days } of the month
cron-both = { $time }, { $day }
cron-day-0 = Sunday
cron-day-1 = Monday
cron-day-2 = Tuesday
cron-day-3 = Wednesday
cron-day-4 = Thursday
cron-day-5 = Friday
cron-day-6 = Saturday
