# Every text of the dashboard, in German. One file per language; the format is Project Fluent's (a key, "=", a text; { $n } is
# filled in; a text may depend on a number's plural). Keys start with the page or part that shows them.

language = Deutsch

# What stands around every page
skip-to-content = Zum Inhalt springen
nav-pages = Seiten
tab-home = Start
tab-recent = Zuletzt
tab-busy = In Arbeit
tab-queues = Warteschlangen
tab-batches = Batches
tab-throttles = Drosseln
tab-retries = Wiederholungen
tab-scheduled = Geplant
tab-dead = Tot
tab-cron = Cron
tab-statistics = Statistik
search-label = Jobs suchen
search-hint = Suche: jid, type:, queue:, error: …
# Whether the page follows what happens by itself
live-live = Live
live-paused = Angehalten
live-lost = Keine Antwort
live-hint = Anhalten oder fortsetzen
status-active = aktiv
status-idle = ruht
summary-title = Übersicht
summary-processed = Verarbeitet
summary-failures = Fehlgeschlagen
summary-busy = In Arbeit
summary-enqueued = Eingereiht
summary-retries = Wiederholungen
summary-scheduled = Geplant
summary-dead = Tot
footer-connections = { $n ->
    [one] Verbindung
   *[other] Verbindungen
}
footer-debug = Diagnose
footer-tokens = Token
footer-audit = Protokoll
footer-unique = Eindeutige Schlüssel
footer-docs = Dokumentation
footer-language = Sprache
footer-theme = Darstellung
theme-auto = Automatisch
theme-light = Hell
theme-dark = Dunkel
# The state of the server, above every page: first what, then what it means.
banner-exposed = Kein Passwort gesetzt,
banner-exposed-more = und andere Rechner erreichen diesen Server: Wer das tut, kann jeden Job lesen, ändern und löschen.
banner-disk-full = Die Festplatte ist voll,
banner-disk-full-more = und neue Jobs werden abgelehnt, bis wieder Platz ist. Worker arbeiten weiter.
banner-memory-full = Der Speicher ist knapp,
banner-memory-full-more = und neue Jobs werden abgelehnt, bis wieder genug frei ist. Worker arbeiten weiter.
banner-relaxed = Die Dauerhaftigkeit ist gelockert,
banner-relaxed-more = und ein Stromausfall kann nehmen, was in den letzten 100 ms beantwortet wurde.

# Lists of jobs: columns, states, and what can be done
jobs-select = Auswählen
jobs-select-all = Alle auf dieser Seite auswählen
jobs-select-one = { $jid } auswählen
jobs-state = Zustand
jobs-job = Job
jobs-queue = Warteschlange
jobs-arguments = Argumente
jobs-error = Fehler
jobs-retries = Versuche
jobs-when = Wann
jobs-next-retry = Nächster Versuch
jobs-last-retry = Letzter Versuch
# When a deleted job can no longer be brought back
jobs-gone-at = Endgültig weg
jobs-never = nie
state-working = In Arbeit
state-waiting = Wartend
state-retries = Wiederholungen
state-scheduled = Geplant
state-dead = Tot
state-discarded = Gelöscht
# Von einem Job
state-one-working = In Arbeit
state-one-waiting = Wartet
state-one-retries = Wird wiederholt
state-one-scheduled = Geplant
state-one-dead = Tot
state-one-discarded = Gelöscht
deed-retry = Jetzt wiederholen
deed-add_to_queue = Einreihen
deed-kill = Aufgeben
deed-delete = Löschen
deed-restore = Zurückholen
deed-kill-selected = Die ausgewählten Jobs zu den toten verschieben?
deed-delete-selected = Die ausgewählten Jobs löschen?
pager-first = « Erste
pager-next = Weiter ›

# Retries, Scheduled, Dead
set-retries-empty = Kein fehlgeschlagener Job wartet auf einen neuen Versuch.
set-scheduled-empty = Kein Job ist für später geplant.
set-dead-empty = Kein Job hat seine Versuche aufgebraucht.
set-discarded-empty = Kein gelöschter Job lässt sich zurückholen.
set-act-on-all = Alle { $total }:

# The search: its page and the box on other pages. Names of fields (type:, queue: …) are the same in every language
search-title = Suche
search-jobs = Diese Jobs durchsuchen
search-jobs-hint = type:Mail* error:timeout age>2h
search-find = Suchen
search-found = { $n ->
    [0] Kein Job passt
    [one] 1 Job passt
   *[other] { $n } Jobs passen
}
search-found-so-far = { $n ->
    [one] Bisher passt 1 Job
   *[other] Bisher passen { $n } Jobs
}
search-go-on = Weitersuchen
search-nothing = Kein Job passt. Beendete Jobs werden nicht aufgehoben; die letzten stehen auf der Seite „Zuletzt“.
search-empty = Jobs in jedem Zustand finden: wartend, in Arbeit, vor einem neuen Versuch, geplant, tot.
search-all = { $n ->
    [one] Der passende Job:
   *[other] Alle { $n } passenden:
}
search-all-uncounted = Alle passenden:
search-pages = Seiten der Suche
search-wrong = { $what } (bei Zeichen { $place })
search-syntax = Wonach man suchen kann
search-syntax-terms = Begriffe stehen durch Leerzeichen getrennt, und ein Job muss alle erfüllen; mehrere von type, queue, jid oder state bedeuten „einer von diesen“, ebenso Kommas in type:, queue: und state:. * steht für beliebigen Text, Anführungszeichen halten Leerzeichen zusammen, Groß- und Kleinschreibung ist gleich. Ein Wort allein wird in Typ, jid, Fehler und Argumenten gesucht.
search-syntax-fields = type: queue: jid: werden ganz verglichen; error: und arg: werden irgendwo im Text gesucht; state: ist working, waiting, retries, scheduled oder dead; age> und age< nehmen 90s, 15m, 2h, 7d oder 4w, gezählt ab dem Einreihen oder dem ersten Fehlschlag eines Jobs; retries> und retries< nehmen eine Zahl.

# The question before something is done to many jobs
act-retry = Jobs jetzt wiederholen
act-kill = Jobs aufgeben
act-delete = Jobs löschen
act-retry-question = { $n ->
    [one] 1 Job jetzt in seine Warteschlange stellen?
   *[other] { $n } Jobs jetzt in ihre Warteschlangen stellen?
}
act-kill-question = { $n ->
    [one] 1 Job zu den toten verschieben?
   *[other] { $n } Jobs zu den toten verschieben?
}
act-delete-question = { $n ->
    [one] 1 Job löschen?
   *[other] { $n } Jobs löschen?
}
act-retry-at-least = Alle passenden jetzt in ihre Warteschlangen stellen? Es sind mehr als { $n } Jobs.
act-kill-at-least = Alle passenden zu den toten verschieben? Es sind mehr als { $n } Jobs.
act-delete-at-least = Alle passenden löschen? Es sind mehr als { $n } Jobs.
act-retry-means = Sie kommen dran, sobald ein Worker frei ist, ohne ihre Zeit abzuwarten.
act-kill-means = Tote Jobs werden nicht von selbst wiederholt; man kann sie auf der Seite „Tot“ wiederholen.
act-delete-means = Gelöschte Jobs lassen sich eine Minute lang zurückholen; danach sind sie endgültig weg.
act-working = Jobs, die in Arbeit sind, bleiben unberührt, ebenso solche, die von jetzt an dazukommen.
act-whole-list = Jeder Job dieser Liste.
act-search = Jobs, die passen zu
act-more = { $n ->
    [one] und 1 weiterer
   *[other] und { $n } weitere
}
act-pushed-out = { $n ->
    [one] Es gibt Platz für { $most } tote Jobs: 1 Job, der älteste, würde verdrängt und wäre weg.
   *[other] Es gibt Platz für { $most } tote Jobs: { $n } davon, die ältesten, würden verdrängt und wären weg.
}
act-grown = Nichts ist geschehen: die Zahl war { $n }, inzwischen passen mehr. Das ist jetzt ihre Zahl.
act-type = Zur Bestätigung die Zahl der Jobs eingeben, { $n }:
act-retry-do = { $n ->
    [one] 1 Job wiederholen
   *[other] { $n } Jobs wiederholen
}
act-kill-do = { $n ->
    [one] 1 Job aufgeben
   *[other] { $n } Jobs aufgeben
}
act-delete-do = { $n ->
    [one] 1 Job löschen
   *[other] { $n } Jobs löschen
}
act-back = Zurück

# What is being done to many jobs, on every page. $what: which jobs
work-everywhere = Alle Jobs
work-progress = Fortschritt
work-cancel = Stoppen
work-dismiss = Schließen
work-undo = Rückgängig
works-title = Was mit Jobs getan wurde
works-none = In letzter Zeit wurde nichts mit vielen Jobs getan.
work-undone = { $n ->
    [one] 1 Job wurde zurückgeholt
   *[other] { $n } Jobs wurden zurückgeholt
}
work-retry-going = Wiederholen ({ $what }): bisher { $n }
work-retry-going-of = Wiederholen ({ $what }): { $n } von { $of }
work-retry-done = { $n ->
    [one] 1 Job wiederholt ({ $what })
   *[other] { $n } Jobs wiederholt ({ $what })
}
work-retry-cancelled = Gestoppt; wiederholt: { $n } ({ $what })
work-retry-failed = Unterwegs gescheitert; wiederholt: { $n } ({ $what }). Das Protokoll des Servers sagt, warum.
work-kill-going = Aufgeben ({ $what }): bisher { $n }
work-kill-going-of = Aufgeben ({ $what }): { $n } von { $of }
work-kill-done = { $n ->
    [one] 1 Job aufgegeben ({ $what })
   *[other] { $n } Jobs aufgegeben ({ $what })
}
work-kill-cancelled = Gestoppt; aufgegeben: { $n } ({ $what })
work-kill-failed = Unterwegs gescheitert; aufgegeben: { $n } ({ $what }). Das Protokoll des Servers sagt, warum.
work-delete-going = Löschen ({ $what }): bisher { $n }
work-delete-going-of = Löschen ({ $what }): { $n } von { $of }
work-delete-done = { $n ->
    [one] 1 Job gelöscht ({ $what })
   *[other] { $n } Jobs gelöscht ({ $what })
}
work-delete-cancelled = Gestoppt; gelöscht: { $n } ({ $what })
work-delete-failed = Unterwegs gescheitert; gelöscht: { $n } ({ $what }). Das Protokoll des Servers sagt, warum.

# One queue
queue-title = Warteschlange { $name }

# The page Recent: the last jobs that a worker had in its hands, one line each
recent-title = Zuletzt
# A box for the id of a job; the button leads to the job, wherever it is
recent-find = Wo ist er jetzt?
recent-find-go = Finden
# "jid" is the name that clients use for the id of a job
recent-jid = jid
recent-job = Job
recent-type = Typ
recent-queue = Warteschlange
recent-worker = Worker
# How long the job ran, and how long it had waited in its queue
recent-ran = Lief
recent-waited = Wartete
recent-outcome = Ausgang
recent-when = Wann
recent-any = beliebig
recent-filter = Filtern
recent-all = Alle zeigen
# Stands in place of the jid where no worker reported the end
recent-no-jid = nicht gemeldet
recent-empty = Seit dem Start des Servers wurde an keinem Job gearbeitet.
recent-none = Keiner der letzten 1.000 Jobs passt.
# $jid: what was looked for
recent-sought = Kein Job mit der jid { $jid } ist im Speicher: Er ist beendet, oder es gab ihn nie. Was man zuletzt von ihm weiß, steht unten.
recent-unknown = Kein Job mit der jid { $jid } ist gespeichert: er ist vor einer Weile beendet worden oder war nie da. Unter den letzten 1.000 Jobs hat ihn keiner.

# How somebody's work on a job ended
outcome-done = erledigt
outcome-failed = fehlgeschlagen
outcome-died = tot
outcome-discarded = verworfen
outcome-expired = Reservierung abgelaufen
outcome-lost = Worker verloren
outcome-released = freigegeben
outcome-overdue = nicht rechtzeitig gelaufen

# The page Statistics, and the pages of one job type or queue
statistics-title = Statistik
statistics-span = Zeitraum
span-1h = 1 Stunde
span-24h = 24 Stunden
span-7d = 7 Tage
span-30d = 30 Tage
statistics-types = Jobtypen
statistics-queues = Warteschlangen
statistics-type = Typ
statistics-queue = Warteschlange
# Titles of the pages of one: $name is the type or queue
statistics-of-type = Statistik des Typs { $name }
statistics-of-queue = Statistik der Warteschlange { $name }
# A link to the jobs of this type or queue
statistics-jobs = Seine Jobs
statistics-sums = In diesem Zeitraum
statistics-name = Name
statistics-count = Verarbeitet
statistics-good = Gelungen
statistics-failed = Fehlgeschlagen
statistics-lost = Mit ihrem Worker verloren
# How long jobs ran, and how long they had waited in their queue
statistics-run = Laufzeit
statistics-wait = Wartezeit
statistics-run-said = Laufzeit als drei Kurven: Median, 95. und 99. Perzentil. Die Tabelle unten sagt dasselbe.
statistics-wait-said = Wartezeit als drei Kurven: Median, 95. und 99. Perzentil. Die Tabelle unten sagt dasselbe.
# Heading of the small drawing in each row: how many there were over time
statistics-course = Verlauf
# The row of all those that have no row of their own
statistics-other = alle übrigen
statistics-empty = In diesem Zeitraum ist nichts zu Ende gegangen.
statistics-throughput = Durchsatz
# $processed in all, $failed of them failed; $from and $to are times
statistics-said = { $processed } verarbeitet und { $failed } fehlgeschlagen von { $from } bis { $to }
# One bar of the chart: $at is a time
statistics-at = { $at }: { $processed } verarbeitet, { $failed } fehlgeschlagen
# Marks are moments with a name, set by people and scripts, for example at a deployment
statistics-marks = Marken
statistics-mark = Diesen Moment markieren, zum Beispiel als Auslieferung
statistics-set-mark = Marke setzen
statistics-no-marks = Keine Marke in diesem Zeitraum.
statistics-table = Die Zahlen als Tabelle
statistics-when = Ab
# How far away a moment is, and how long something takes
moment-now = gerade eben
moment-invalid = ungültiger Zeitpunkt
moment-ago-second = { $n ->
    [one] vor { $n } Sekunde
   *[other] vor { $n } Sekunden
}
moment-ago-minute = { $n ->
    [one] vor { $n } Minute
   *[other] vor { $n } Minuten
}
moment-ago-hour = { $n ->
    [one] vor { $n } Stunde
   *[other] vor { $n } Stunden
}
moment-ago-day = { $n ->
    [one] vor { $n } Tag
   *[other] vor { $n } Tagen
}
moment-ago-month = { $n ->
    [one] vor { $n } Monat
   *[other] vor { $n } Monaten
}
moment-ago-year = { $n ->
    [one] vor { $n } Jahr
   *[other] vor { $n } Jahren
}
moment-ahead-second = { $n ->
    [one] in { $n } Sekunde
   *[other] in { $n } Sekunden
}
moment-ahead-minute = { $n ->
    [one] in { $n } Minute
   *[other] in { $n } Minuten
}
moment-ahead-hour = { $n ->
    [one] in { $n } Stunde
   *[other] in { $n } Stunden
}
moment-ahead-day = { $n ->
    [one] in { $n } Tag
   *[other] in { $n } Tagen
}
moment-ahead-month = { $n ->
    [one] in { $n } Monat
   *[other] in { $n } Monaten
}
moment-ahead-year = { $n ->
    [one] in { $n } Jahr
   *[other] in { $n } Jahren
}
moment-span-second = { $n ->
    [one] { $n } Sekunde
   *[other] { $n } Sekunden
}
moment-span-minute = { $n ->
    [one] { $n } Minute
   *[other] { $n } Minuten
}
moment-span-hour = { $n ->
    [one] { $n } Stunde
   *[other] { $n } Stunden
}
moment-span-day = { $n ->
    [one] { $n } Tag
   *[other] { $n } Tage
}
moment-span-month = { $n ->
    [one] { $n } Monat
   *[other] { $n } Monate
}
moment-span-year = { $n ->
    [one] { $n } Jahr
   *[other] { $n } Jahre
}

# The links between the pages of a list
pager-jobs = Seiten mit Jobs
pager-queues = Seiten mit Warteschlangen
pager-processes = Seiten mit Prozessen
pager-range = { $from }–{ $to } von { $total }
pager-none = keine Seite { $page }
pager-previous = ‹ Zurück
pager-last = Letzte »

# Home
home-throughput = Durchsatz
home-throughput-words = Erledigte und fehlgeschlagene Versuche pro Sekunde in den letzten zehn Minuten
home-done = erledigt
home-every = Alle
home-latency = Latenz
home-latency-words = Laufzeit und Wartezeit, 95. Perzentil, in den letzten zehn Minuten
# The 95th percentile of how long jobs ran, and of how long they had waited
home-run = Lauf, p95
home-wait = Warten, p95
home-pulse-at = { $time }: { $done }/s erledigt, { $failed }/s fehlgeschlagen, Lauf { $run }, Warten { $wait }
home-pulse-unknown = { $time }: nichts bekannt
home-history = Verlauf
home-history-length = Länge des Verlaufs
home-history-day = { $date }: { $processed } verarbeitet, { $failed } fehlgeschlagen
home-history-words = { $processed } verarbeitet und { $failed } fehlgeschlagen von { $since } bis { $until }
home-days = { $n ->
    [one] { $n } Tag
   *[other] { $n } Tage
}
home-failed = fehlgeschlagen
home-attention = Braucht Aufmerksamkeit
home-attention-none = Nichts: keine Warteschlange ist im Verzug, nichts ist tot.
home-no-workers = { $n ->
    [one] { $n } Job wartet, und kein Worker-Prozess ist verbunden
   *[other] { $n } Jobs warten, und kein Worker-Prozess ist verbunden
}
# The next job of this queue has waited for long; how long stands beside it.
home-queue-late = Warteschlange { $queue } ist im Verzug
home-queue-paused = Warteschlange { $queue } ist angehalten
home-waiting = { $n ->
    [one] { $n } Job wartet
   *[other] { $n } Jobs warten
}
home-dead = { $n ->
    [one] { $n } toter Job
   *[other] { $n } tote Jobs
}
home-quiet = { $n ->
    [one] { $n } Worker-Prozess nimmt keine Jobs mehr an
   *[other] { $n } Worker-Prozesse nehmen keine Jobs mehr an
}
home-retries = { $n ->
    [one] { $n } Job ist fehlgeschlagen und wird wiederholt
   *[other] { $n } Jobs sind fehlgeschlagen und werden wiederholt
}
home-queues = Warteschlangen
home-share = Länge von { $queue } neben der längsten Warteschlange
home-more-queues = { $n ->
    [one] { $n } weitere Warteschlange
   *[other] { $n } weitere Warteschlangen
}
home-server = Server
home-version = Version
home-uptime = Läuft seit
home-connections = Verbindungen
home-memory = Speicher
home-commands = Befehle

# Lists of jobs, on several pages
# Followed by a number
jobs-selected = Ausgewählt:
actions = Aktionen

# The page that asks before something is done
confirm-type = Zum Fortfahren { $name } eingeben
confirm-back = Nichts tun

# Busy. A worker process that is quiet finishes what it has and fetches no more.
busy-processes = Prozesse
busy-process = Prozess
busy-queues = Fragt nach
busy-more-queues = und { $n } weiteren
busy-started = Gestartet
busy-beat = Letztes Lebenszeichen
busy-connections = Verbindungen
busy-memory = Speicher
busy-busy = In Arbeit
busy-no-processes = Kein Worker-Prozess ist verbunden.
busy-stage-quiet = läuft aus
busy-stage-terminate = wird beendet
busy-quiet = Auslaufen lassen
busy-quiet-named = { $host } auslaufen lassen
busy-quiet-all = Alle auslaufen lassen
busy-quiet-all-question = Alle Worker-Prozesse auslaufen lassen? Sie beenden, was sie haben, und holen nichts mehr.
busy-stop = Stoppen
busy-stop-named = { $host } stoppen
busy-stop-all = Alle stoppen
busy-stop-question = { $host } stoppen?
busy-stop-all-question = { $n ->
    [one] Den einzigen Worker-Prozess stoppen?
   *[other] Alle { $n } Worker-Prozesse stoppen?
}
busy-stop-jobs = { $n ->
    [0] Dort ist kein Job in Arbeit.
    [one] Dort ist { $n } Job in Arbeit.
   *[other] Dort sind { $n } Jobs in Arbeit.
}
busy-stop-means = Ein Worker-Prozess erfährt davon bei seinem nächsten Lebenszeichen, holt nichts mehr und endet mit seinen Jobs. Ein Job, der nicht rechtzeitig endet, geht an einen anderen Worker.
busy-jobs = Jobs
busy-no-jobs = Kein Job ist in Arbeit.
busy-runs = Läuft seit
busy-release = Freigeben
busy-release-named = { $jid } freigeben
busy-release-question = Diesen Job einem anderen Worker geben? Er kommt an die Spitze seiner Warteschlange zurück, und was sein Worker noch über ihn sagt, zählt nicht mehr.
busy-runs-of = Von seiner Reservierung über { $time }

# How far a job says that it is (TRACK SET), on Busy and on its page

progress-title = Fortschritt
# $percent: 0 to 100
progress-percent = { $percent } %

# Queues, and one queue
queues-empty = Noch keine Warteschlange: Sie entsteht mit ihrem ersten Job.
queues-name = Warteschlange
queues-size = Größe
queues-oldest = Ältester
queues-working = In Arbeit
# Jobs a second that come to the queue and leave it
queues-in = Zugang
queues-out = Abgang
queues-paused = angehalten
queues-pause = Anhalten
queues-pause-named = { $queue } anhalten
queues-resume = Fortsetzen
queues-resume-named = { $queue } fortsetzen
queues-clear = Leeren
queues-clear-named = { $queue } leeren
queue-oldest = der nächste Job wartet seit { $time }
queue-empty = Hier wartet kein Job.
queue-enqueued = Eingereiht
queue-kill = Aufgeben
queue-kill-question = Die ausgewählten Jobs zu den toten verschieben?
queue-delete = Löschen
queue-delete-question = Die ausgewählten Jobs löschen?
queue-clear-question = Die Warteschlange { $queue } leeren?
queue-clear-means = { $n ->
    [0] Kein Job wartet darin.
    [one] { $n } Job, der darin wartet, wird endgültig gelöscht. Ein Job in Arbeit läuft weiter.
   *[other] { $n } Jobs, die darin warten, werden endgültig gelöscht. Jobs in Arbeit laufen weiter.
}

# A job
job-more = Es haben mehr Jobs diese jid, als hier stehen.
job-state = Zustand
job-queued = Wartet in seiner Warteschlange
job-scheduled = Geplant
job-retrying = Wartet auf den nächsten Versuch
job-dead = Tot
job-working = In Arbeit
job-ended = Diesen Job gibt es nicht mehr.
job-ended-known = So endeten die letzten Versuche:
job-ended-unknown = Was aus ihm wurde, ist nicht mehr bekannt; nur die letzten 1.000 Jobs werden behalten.
job-discarded = Verworfen
job-retry = Jetzt wiederholen
job-enqueue = Einreihen
job-delete = Löschen
job-delete-question = Diesen Job löschen?
job-kill = Aufgeben
job-kill-question = Diesen Job zu den toten verschieben?
job-failure = Letzter Fehlschlag
job-error = Fehler
job-trace = Stacktrace
job-no-trace = Der Worker hat keinen Stacktrace geschickt.
job-contents = Inhalt
job-custom = Eigene Angaben
job-download = Den ganzen Job herunterladen
job-cut = { $shown } von { $whole } werden gezeigt; alles steht in der Datei zum Herunterladen.
# What happened when; a moment stands behind each: "created 3 minutes ago"
job-step-created = Erstellt
job-step-asked = Soll laufen
job-step-enqueued = Eingereiht
job-step-not-enqueued = Noch nicht eingereiht
job-step-waits = Wartet auf einen Worker
job-step-failed = { $n ->
    [one] Einmal fehlgeschlagen
   *[other] { $n }-mal fehlgeschlagen
}
job-step-first-failure = das erste Mal
job-step-started = Gestartet
job-step-reserved = Reserviert bis
job-step-runs = Läuft
job-step-retry = Nächster Versuch
job-step-kept = Aufgehoben bis
job-step-expires = Läuft ab
job-step-expired = Abgelaufen
job-no-wid = ein Client ohne wid
job-facts = Zahlen
job-jid = Jid
job-retry-count = Wiederholungen bisher
job-remaining = Verbleibende Versuche
job-retries = Erlaubte Wiederholungen
job-retries-die = keine, dann ist er tot
job-retries-discard = keine, dann wird er verworfen
job-reserve-for = Reserviert für
job-size = Größe
job-bytes = { $n ->
    [one] { $n } Byte
   *[other] { $n } Bytes
}

# Debug
debug-yes = ja
debug-no = nein
debug-server = Server
debug-version = Version
debug-compatible = Kompatibel mit Faktory
debug-environment = Umgebung
debug-binding = Befehle an
debug-base-path = Basispfad
debug-uptime = Läuft seit
debug-connections = Verbindungen
debug-commands = Befehle
debug-memory = Speicher
debug-memory-full = Speicher voll
debug-reloads-refused = Abgelehnte Neuladungen
debug-certificate = Zertifikat gültig bis
debug-password = Ein Passwort ist gesetzt
debug-exposed = Für andere offen, ohne Passwort
debug-missed = Von der Statistik verpasste Ereignisse
debug-store = Datenspeicher
debug-data = Datenverzeichnis
debug-durability = Dauerhaftigkeit
debug-disk-full = Festplatte voll
debug-disk-free = Platz auf der Festplatte
debug-answer = Antwort der Engine
debug-log = Log des Datenspeichers
debug-log-length = Länge
debug-log-live = Davon lebendig, etwa
debug-log-disk = Auf der Festplatte, mit Reserve
debug-log-segments = Segmente
debug-log-spares = Segmente in Reserve
debug-log-given-up = Aufgegebene Segmente
debug-log-cleaned = Bereinigte Segmente
debug-log-cleaned-bytes = Beim Bereinigen neu geschrieben
debug-log-cleaned-at = Letzte Bereinigung
debug-flushes = Schreibvorgänge des Logs
debug-turns = Runden der Engine
debug-spread-at = bis { $time }: { $n }
debug-spread-words = Wie viele von { $n } wie lange dauerten
debug-since = Seit dem Start
debug-accepted = Angenommene Jobs
debug-repushed = Als Wiederholung beantwortete Pushes
debug-scheduled = Eingereihte geplante Jobs
debug-retries = Eingereihte Wiederholungen
debug-reaped = Abgelaufene Reservierungen
debug-workers-lost = Verlorene Worker
debug-jobs-lost = Von verlorenen Workern zurückgeholte Jobs
debug-released = Von Menschen freigegebene Jobs
debug-stale = ACKs und FAILs ohne Wirkung
debug-undelivered = Lieferungen, die niemanden erreichten
debug-dead-dropped = Aus den toten verdrängte Jobs
debug-expired = Jobs, deren Zeit abgelaufen war
debug-unique-locks = Vergebene eindeutige Schlüssel
debug-unique-denied = Als nicht eindeutig abgelehnte Pushes
debug-rejected = Abgelehnte Eingaben
debug-rejected-none = Nichts wurde abgelehnt.

# The audit log: who has changed what
audit-title = Protokoll
audit-means = Jede Änderung, die über eine Seite, die API oder den Port für Jobs gemacht wurde, die neueste zuerst. Die letzten 10.000 werden aufgehoben.
audit-export = Alle als JSON-Zeilen sichern
audit-find = Suchen
audit-find-go = Suchen
audit-all = Alle zeigen
audit-empty = Niemand hat etwas geändert.
audit-at = Wann
audit-who = Wer
audit-action = Was
audit-object = Wovon
audit-count = Wie viele
audit-older = Ältere
audit-role-open = offen
audit-role-admin = Verwalter
audit-role-viewer = Leser
audit-role-token = Token
audit-by-page = Seite
audit-by-api = API
audit-by-port = Port für Jobs
audit-did-retry = wiederholen
audit-did-delete = löschen
audit-did-discard = löschen, rückholbar
audit-did-restore = zurückholen
audit-did-kill = aufgeben
audit-did-release = freigeben
audit-did-move = verschieben
audit-did-edit = bearbeiten
audit-did-clear = leeren
audit-did-clear-queue = Warteschlange leeren
audit-did-pause-queue = Warteschlange anhalten
audit-did-resume-queue = Warteschlange fortsetzen
audit-did-remove-queue = Warteschlange entfernen
audit-did-cancel-batch = Batch abbrechen
audit-did-check-batch = Batch prüfen
audit-did-release-key = Schlüssel freigeben
audit-did-set-throttle = Drossel setzen
audit-did-reset-throttle = Drossel zurücksetzen
audit-did-run-cron-entry = Cron-Eintrag ausführen
audit-did-pause-cron-entry = Cron-Eintrag anhalten
audit-did-resume-cron-entry = Cron-Eintrag fortsetzen
audit-did-wake-worker = Worker wecken
audit-did-quiet-worker = Worker auslaufen lassen
audit-did-stop-worker = Worker stoppen
audit-did-create-token = Token anlegen
audit-did-revoke-token = Token widerrufen
audit-did-mark = Marke setzen

# Tokens: what scripts are let in by. Scopes are words of the API and stay as they are; what they mean stands beside them.
tokens-title = Token
tokens-means = Ein Skript mit einem Token darf, was dessen Rechte sagen. Es sendet ihn als Authorization: Bearer.
tokens-open = Kein Passwort ist gesetzt, also darf jeder alles, und niemand fragt nach einem Token.
tokens-made = Das ist der neue Token. Er wird nur dieses eine Mal gezeigt: jetzt mitnehmen.
tokens-empty = Es gibt keine Token.
tokens-name = Name
tokens-scopes = Rechte
tokens-created = Erstellt
tokens-used = Zuletzt benutzt
tokens-expires = Läuft ab
tokens-expired = abgelaufen
tokens-never = nie
tokens-revoke = Widerrufen
tokens-new = Neuer Token
tokens-days = Gültig für so viele Tage (leer: bis er widerrufen wird)
tokens-create = Erstellen
tokens-scope-read = alles sehen außer Token und Protokoll
tokens-scope-push = Jobs einstellen und Marken setzen
tokens-scope-operate = auf Jobs, Warteschlangen und Worker einwirken
tokens-scope-admin = alles

# Jobs in eine andere Warteschlange verschieben. $to: die Warteschlange, $what: welche Jobs
deed-move = Verschieben
move-title = In eine andere Warteschlange verschieben
move-to = In die Warteschlange
act-move = Jobs in eine andere Warteschlange verschieben
act-move-question = { $n ->
    [one] { $n } Job in eine andere Warteschlange verschieben?
   *[other] { $n } Jobs in eine andere Warteschlange verschieben?
}
act-move-at-least = Alle Treffer in eine andere Warteschlange verschieben? Es sind mehr als { $n } Jobs.
act-move-means = Wartende Jobs kommen ans Ende der anderen Warteschlange; fehlgeschlagene, geplante und tote bleiben, wie sie sind, und kommen dorthin, wenn es so weit ist.
act-move-do = { $n ->
    [one] { $n } Job verschieben
   *[other] { $n } Jobs verschieben
}
work-move-going = Wird nach { $to } verschoben ({ $what }): bisher { $n }
work-move-going-of = Wird nach { $to } verschoben ({ $what }): { $n } von { $of }
work-move-done = { $n ->
    [one] { $n } Job nach { $to } verschoben ({ $what })
   *[other] { $n } Jobs nach { $to } verschoben ({ $what })
}
work-move-cancelled = Gestoppt; nach { $to } verschoben: { $n } ({ $what })
work-move-failed = Auf halbem Weg gescheitert; nach { $to } verschoben: { $n } ({ $what }). Das Protokoll des Servers sagt, warum.
deed-edit = Bearbeiten
act-edit = Jobs bearbeiten und wieder einreihen
act-edit-question = { $n ->
    [one] { $n } Job bearbeiten und in seine Warteschlange stellen?
   *[other] { $n } Jobs bearbeiten und in ihre Warteschlangen stellen?
}
act-edit-at-least = Alle Treffer bearbeiten und in ihre Warteschlangen stellen? Es sind mehr als { $n } Jobs.
act-edit-means = Alle bekommen, was hier eingetragen ist; was leer bleibt, bleibt bei jedem, wie es ist. Sie behalten ihre Jids und kommen dran, sobald ein Worker frei ist.
act-edit-types = Diese Jobs sind von verschiedenen Typen: dieselben Argumente passen selten zu allen.
act-edit-do = { $n ->
    [one] { $n } Job bearbeiten und einreihen
   *[other] { $n } Jobs bearbeiten und einreihen
}
work-edit-going = Wird bearbeitet ({ $what }): bisher { $n }
work-edit-going-of = Wird bearbeitet ({ $what }): { $n } von { $of }
work-edit-done = { $n ->
    [one] { $n } Job bearbeitet und eingereiht ({ $what })
   *[other] { $n } Jobs bearbeitet und eingereiht ({ $what })
}
work-edit-cancelled = Gestoppt; bearbeitet und eingereiht: { $n } ({ $what })
work-edit-failed = Auf halbem Weg gescheitert; bearbeitet und eingereiht: { $n } ({ $what }). Das Protokoll des Servers sagt, warum.
order-hint = Listen stehen allein in der Reihenfolge der Zeit: für jede andere müssten sie ganz gelesen werden, auch bei einer Million Jobs. Einen Typ oder eine Warteschlange zeigt die Suche nach type: oder queue:.

# Die Seite, auf der ein Job bearbeitet wird
edit-link = Bearbeiten
edit-title = Job bearbeiten
edit-means = Der Job behält seine Jid, seinen Platz und was von seinem letzten Fehler bekannt ist. Erlaubte Wiederholungen: -1 für keine, dann ist er tot; 0 für keine, dann wird er verworfen.
edit-too-long = Die Argumente dieses Jobs sind länger als 64 KiB und können hier nicht bearbeitet werden. Die Kommandozeile und die API können es.
edit-save = Speichern
edit-enqueue = Speichern und jetzt einreihen

# Batches, und einer davon
batches-all = Alle
batches-states = Zustände
batches-empty = Noch kein Batch: einer erscheint mit BATCH NEW.
batches-none = Kein Batch ist in diesem Zustand.
batches-older = Ältere
batches-batch = Batch
batches-one = Batch { $bid }
batches-state = Zustand
batches-progress = Fortschritt
batches-failed = Fehlgeschlagen
batches-created = Erstellt
batches-state-open = offen
batches-state-running = läuft
batches-state-failing = scheitert
batches-state-succeeded = gelungen
batches-state-failed = gescheitert
batches-state-cancelled = abgebrochen
batches-parent = Teil von
batches-closed-at = wird geschlossen
batches-forgotten-at = wird vergessen
batches-check = Prüfen
batches-checked-nothing = Geprüft: Nichts war zu berichtigen.
batches-checked = Geprüft. Berichtigt: { $n }
batches-cancel = Abbrechen
batches-cancel-question = Den Batch { $bid } abbrechen?
batches-cancel-means = Kein Callback kommt mehr. Wartende Mitglieder werden gelöscht, auch die der Batches darunter; was in Arbeit ist, wird beendet, und was tot ist, bleibt.
batches-waits = Wartet auf
batches-waits-nothing = Es kommt nichts mehr.
batches-wait-commit = BATCH COMMIT; ohne es wird er vergessen.
batches-wait-again = BATCH COMMIT, weil er wieder geöffnet wurde; ohne es wird er geschlossen.
batches-wait-members = Jobs, die noch nicht gelaufen sind: { $n }
batches-wait-failing = Fehlgeschlagene Jobs, die wiederholt werden oder tot sind: { $n }
batches-wait-children = Batches darunter und ihre Callbacks: { $n }
batches-wait-callback = Der Callback { $name }, der eingestellt ist
batches-wait-lost = Der Callback { $name }, dessen Job gelöscht wurde; Prüfen stellt ihn wieder ein.
batches-wait-never = Der Callback success kommt nie; Jobs, die ohne ACK endeten: { $n }
batches-members = Mitglieder
batches-living = Offene Mitglieder
batches-living-none = Kein Mitglied ist mehr offen: alle sind zu Ende.
batches-more = Es gibt mehr Mitglieder, als hier gezählt wurden.
batches-job = Job
batches-place = Wo
batches-place-done = erledigt
batches-place-gone = ohne ACK verschwunden
batches-place-working = in Arbeit
batches-place-queued = wartend
batches-place-retrying = werden wiederholt
batches-place-scheduled = geplant
batches-place-dead = tot
batches-place-discarded = verworfen
batches-callbacks = Callbacks
batches-call-waits = noch nicht
batches-call-pushed = eingestellt
batches-call-done = erledigt
batches-children = Batches darunter

# Die Seite eines Problems: ihre Überschrift nach dem Status von HTTP, und was am häufigsten gesagt wird
problem-400 = Unverständliche Anfrage
problem-401 = Anmeldung nötig
problem-403 = Nicht erlaubt
problem-404 = Nicht gefunden
problem-405 = Das geht hier nicht
problem-408 = Zu lange gedauert
problem-409 = Das passt gerade nicht
problem-413 = Zu groß
problem-414 = Adresse zu lang
problem-415 = Unbekanntes Format
problem-421 = Falscher Name
problem-422 = Nicht verarbeitbar
problem-429 = Zu viele Anfragen
problem-431 = Kopfzeilen zu groß
problem-500 = Interner Fehler
problem-503 = Gerade nicht verfügbar
problem-home = Zur Startseite
problem-status = Status
problem-internal = Interner Fehler; das Log des Servers sagt mehr
problem-no-page = Diese Seite gibt es nicht
problem-no-password = Hier wird ein Passwort gebraucht
problem-wrong-password = Das Passwort stimmt nicht
problem-viewer = Dieses Passwort darf nur lesen; eine Änderung braucht das andere
problem-viewer-admin = Das braucht das Passwort: Das nur lesende zeigt weder Tokens noch das Audit-Log

# Eindeutige Schlüssel: welcher Job welchen hält
unique-title = Eindeutige Schlüssel
unique-means = Jeden Schlüssel hält ein Job. Solange er gehalten wird, wird ein weiterer Job mit demselben Schlüssel abgelehnt. Wird ein Schlüssel freigegeben, kommt der nächste Job hinein; der bisherige läuft ohne ihn weiter.
unique-key = Schlüssel
unique-find = Anzeigen
unique-all = Alle anzeigen
unique-empty = Kein eindeutiger Schlüssel wird gehalten.
unique-free = Dieser Schlüssel ist frei.
unique-job = Job
unique-queue = Warteschlange
unique-state = Zustand
unique-until = Gehalten bis
unique-release = Freigeben
unique-release-named = Freigeben: Schlüssel von { $jid }
unique-release-question = Diesen Schlüssel freigeben? Der nächste Job mit demselben Schlüssel wird angenommen, auch solange es diesen noch gibt.
unique-success = spätestens: frei, sobald der Job gelingt
unique-start = spätestens: frei, sobald der Job beginnt
unique-expiry = in jedem Fall
unique-done = Erledigt
unique-next = Weiter

# Throttles: what limits queues
throttles-title = Drossel { $queue }
throttles-means = Was Warteschlangen begrenzt, und wer die Plätze hat. Eine volle Warteschlange ist für Worker eine leere.
throttles-empty = Keine Warteschlange ist begrenzt. Grenzen setzt man hier oder mit [throttles] in der Konfiguration.
throttles-limits = Grenzen
throttles-taken = Belegt
throttles-holders = Gehalten von
throttles-waiting = Wartend
throttles-tokens = Marken
throttles-concurrency = Zugleich: { $n }
throttles-worker = Je Worker: { $n }
throttles-rate = Begonnen: { $n } in { $time }
throttles-burst = Auf einmal: { $n }
throttles-none = Keine Grenze
throttles-full = voll
throttles-set = von Hand gesetzt
throttles-next = nächste in { $time }
throttles-nobody = kein Worker
throttles-idle = Niemand hält einen Platz.
throttles-slots-of = Belegte Plätze von { $queue }
throttles-configured = Die Konfiguration sagt: { $limits }
throttles-new = Eine Warteschlange begrenzen
throttles-change = Die Grenzen ändern
throttles-field-concurrency = Jobs zugleich, alle Worker zusammen
throttles-field-worker = Jobs zugleich, jeder Worker
throttles-field-rate = Begonnene Jobs je Zeitspanne
throttles-field-per = Die Zeitspanne in Sekunden (leer: 1)
throttles-field-burst = Auf einmal begonnene Jobs (leer: so viele wie je Zeitspanne)
throttles-save = Setzen
throttles-lift = Alle Grenzen aufheben
throttles-reset = Zurück zur Konfiguration

# Cron: jobs that are pushed by the clock
cron-title = Cron
cron-empty = Kein Job wird von der Uhr eingereiht: Einträge sind Tabellen [[cron]] in der Konfiguration.
cron-entry = Eintrag
cron-schedule = Zeitplan
cron-zone = Zeitzone
cron-job = Job
cron-next = Nächster Lauf
cron-last = Letzter Lauf
cron-missed = Verpasste Zeiten
cron-missed-skip = entfallen
cron-missed-once = die letzte wird nachgeholt
cron-missed-all = werden nachgeholt
cron-jitter = Streuung
cron-jitter-seconds = { $n ->
    [one] bis zu { $n } Sekunde
   *[other] bis zu { $n } Sekunden
}
cron-off = aus
cron-paused = angehalten
cron-run = Jetzt ausführen
cron-run-named = Jetzt ausführen: { $id }
cron-pause = Anhalten
cron-pause-named = Anhalten: { $id }
cron-resume = Fortsetzen
cron-resume-named = Fortsetzen: { $id }
cron-entry-title = Cron-Eintrag { $id }
cron-runs = Letzte Läufe
cron-runs-empty = Noch kein Lauf.
cron-tick = Zeit
cron-outcome = Ergebnis
cron-ended = Beendet
cron-fails = Fehler
cron-by-hand = von Hand
cron-at-working = in Arbeit
cron-at-queued = eingereiht
cron-at-retries = fehlgeschlagen, wird wiederholt
cron-at-scheduled = geplant
cron-at-dead = tot
cron-at-discarded = verworfen
cron-ran-pushed = eingereiht
cron-ran-done = erledigt
cron-ran-died = gestorben
cron-ran-discarded = fehlgeschlagen und verworfen
cron-ran-deleted = gelöscht
cron-ran-expired = abgelaufen
cron-ran-refused = abgelehnt
cron-ran-missed = { $n ->
    [one] verpasst
   *[other] { $n } verpasst
}
cron-ran-paused = { $n ->
    [one] entfallen, da angehalten
   *[other] { $n } entfallen, da angehalten
}
cron-every-second = { $n ->
    [one] Jede Sekunde
   *[other] Alle { $n } Sekunden
}
cron-every-minute = { $n ->
    [one] Jede Minute
   *[other] Alle { $n } Minuten
}
cron-every-hour = { $n ->
    [one] Jede Stunde
   *[other] Alle { $n } Stunden
}
cron-every-day = { $n ->
    [one] Jeden Tag
   *[other] Alle { $n } Tage
}
cron-hourly = Jede Stunde zur Minute { $minute }
cron-times = Um { $times }
cron-weekdays = am { $days }
cron-monthdays = am Tag { $days } des Monats
cron-both = { $time }, { $day }
cron-day-0 = Sonntag
cron-day-1 = Montag
cron-day-2 = Dienstag
cron-day-3 = Mittwoch
cron-day-4 = Donnerstag
cron-day-5 = Freitag
cron-day-6 = Samstag
