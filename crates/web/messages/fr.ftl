# Every text of the dashboard, in French. One file per language; the format is Project Fluent's (a key, "=", a text; { $n } is
# filled in; a text may depend on a number's plural). Keys start with the page or part that shows them.

language = Français

# What stands around every page
skip-to-content = Aller au contenu
nav-pages = Pages
tab-home = Accueil
tab-recent = Récents
tab-busy = En cours
tab-queues = Files
tab-batches = Lots
tab-throttles = Limites
tab-retries = Reprises
tab-scheduled = Planifiés
tab-dead = Morts
tab-cron = Cron
tab-statistics = Statistiques
search-label = Rechercher des jobs
search-hint = Recherche : jid, type:, queue:, error: …
# Whether the page follows what happens by itself
live-live = En direct
live-paused = En pause
live-lost = Pas de réponse
live-hint = Suspendre ou reprendre
status-active = actif
status-idle = au repos
summary-title = Résumé
summary-processed = Traités
summary-failures = Échecs
summary-busy = En cours
summary-enqueued = En file
summary-retries = Reprises
summary-scheduled = Planifiés
summary-dead = Morts
footer-connections = { $n ->
    [one] connexion
   *[other] connexions
}
footer-debug = Diagnostic
footer-tokens = Jetons
footer-audit = Journal d’audit
footer-unique = Clés uniques
footer-docs = Documentation
footer-language = Langue
footer-theme = Apparence
theme-auto = Auto
theme-light = Clair
theme-dark = Sombre
# The state of the server, above every page: first what, then what it means.
banner-exposed = Aucun mot de passe n’est défini
banner-exposed-more = et d’autres machines peuvent joindre ce serveur : elles peuvent lire, modifier et supprimer tous les jobs.
banner-disk-full = Le disque est plein
banner-disk-full-more = et les nouveaux jobs sont refusés jusqu’à ce qu’il y ait de la place. Les workers continuent.
banner-memory-full = La mémoire manque
banner-memory-full-more = et les nouveaux jobs sont refusés jusqu’à ce qu’il y en ait assez. Les workers continuent.
banner-relaxed = La durabilité est relâchée
banner-relaxed-more = et une coupure de courant peut emporter ce qui a reçu réponse dans les 100 dernières ms.

# Lists of jobs: columns, states, and what can be done
jobs-select = Sélectionner
jobs-select-all = Tout sélectionner sur cette page
jobs-select-one = Sélectionner { $jid }
jobs-state = État
jobs-job = Job
jobs-queue = File
jobs-arguments = Arguments
jobs-error = Erreur
jobs-retries = Reprises
jobs-when = Quand
jobs-next-retry = Prochaine reprise
jobs-last-retry = Dernière reprise
# When a deleted job can no longer be brought back
jobs-gone-at = Perdu pour de bon
jobs-never = jamais
state-working = En cours
state-waiting = En attente
state-retries = Reprises
state-scheduled = Planifiés
state-dead = Morts
state-discarded = Supprimés
# D’un job
state-one-working = En cours
state-one-waiting = En attente
state-one-retries = À reprendre
state-one-scheduled = Planifié
state-one-dead = Mort
state-one-discarded = Supprimé
deed-retry = Reprendre maintenant
deed-add_to_queue = Mettre en file
deed-kill = Tuer
deed-delete = Supprimer
deed-restore = Rétablir
deed-kill-selected = Déplacer les jobs sélectionnés parmi les morts ?
deed-delete-selected = Supprimer les jobs sélectionnés ?
pager-first = « Première
pager-next = Suivante ›

# Retries, Scheduled, Dead
set-retries-empty = Aucun job en échec n’attend une reprise.
set-scheduled-empty = Aucun job n’est planifié pour plus tard.
set-dead-empty = Aucun job n’a épuisé ses reprises.
set-discarded-empty = Aucun job supprimé ne peut être rétabli.
set-act-on-all = Les { $total } :

# The search: its page and the box on other pages. Names of fields (type:, queue: …) are the same in every language
search-title = Recherche
search-jobs = Rechercher parmi ces jobs
search-jobs-hint = type:Mail* error:timeout age>2h
search-find = Rechercher
search-found = { $n ->
    [0] Aucun job ne correspond
    [one] { $n } job correspond
   *[other] { $n } jobs correspondent
}
search-found-so-far = { $n ->
    [one] { $n } job correspond jusqu’ici
   *[other] { $n } jobs correspondent jusqu’ici
}
search-go-on = Continuer la recherche
search-nothing = Aucun job ne correspond. Les jobs terminés ne sont pas gardés ; la page Récents montre les derniers.
search-empty = Trouvez des jobs dans tous les états : en attente, en cours, à reprendre, planifiés, morts.
search-all = { $n ->
    [one] Le job qui correspond :
   *[other] Les { $n } qui correspondent :
}
search-all-uncounted = Tous ceux qui correspondent :
search-pages = Pages de la recherche
search-wrong = { $what } (au caractère { $place })
search-syntax = Ce que l’on peut rechercher
search-syntax-terms = Les termes sont séparés par des espaces, et un job doit les satisfaire tous ; plusieurs type, queue, jid ou state signifient « l’un d’eux », de même que des virgules dans type:, queue: et state:. * remplace n’importe quel texte, les guillemets gardent les espaces ensemble, et la casse est ignorée. Un mot seul est cherché dans le type, le jid, l’erreur et les arguments.
search-syntax-fields = type: queue: jid: sont comparés en entier ; error: et arg: sont cherchés n’importe où dans le texte ; state: vaut working, waiting, retries, scheduled ou dead ; age> et age< prennent 90s, 15m, 2h, 7d ou 4w, comptés depuis la mise en file du job ou son premier échec ; retries> et retries< prennent un nombre.

# The question before something is done to many jobs
act-retry = Reprendre des jobs maintenant
act-kill = Tuer des jobs
act-delete = Supprimer des jobs
act-retry-question = { $n ->
    [one] Mettre { $n } job dans sa file maintenant ?
   *[other] Mettre { $n } jobs dans leurs files maintenant ?
}
act-kill-question = { $n ->
    [one] Déplacer { $n } job parmi les morts ?
   *[other] Déplacer { $n } jobs parmi les morts ?
}
act-delete-question = { $n ->
    [one] Supprimer { $n } job ?
   *[other] Supprimer { $n } jobs ?
}
act-retry-at-least = Mettre tous ceux qui correspondent dans leurs files maintenant ? Ils sont plus de { $n }.
act-kill-at-least = Déplacer tous ceux qui correspondent parmi les morts ? Ils sont plus de { $n }.
act-delete-at-least = Supprimer tous ceux qui correspondent ? Ils sont plus de { $n }.
act-retry-means = Ils sont traités dès qu’un worker est libre, sans attendre leur heure.
act-kill-means = Les jobs morts ne sont pas repris d’eux-mêmes ; on peut les reprendre depuis la page Morts.
act-delete-means = Les jobs supprimés peuvent être rétablis pendant une minute ; ensuite ils sont perdus.
act-working = Les jobs en cours ne sont pas touchés, ni ceux qui arrivent à partir de maintenant.
act-whole-list = Tous les jobs de cette liste.
act-search = Les jobs qui correspondent à
act-more = { $n ->
    [one] et { $n } autre
   *[other] et { $n } autres
}
act-pushed-out = { $n ->
    [one] Il y a place pour { $most } jobs morts : { $n } job, le plus ancien, en serait chassé et perdu.
   *[other] Il y a place pour { $most } jobs morts : { $n } d’entre eux, les plus anciens, en seraient chassés et perdus.
}
act-grown = Rien n’a été fait : le compte était de { $n }, il y en a davantage à présent. Voici leur nombre actuel.
act-type = Pour confirmer, saisissez le nombre de jobs, { $n } :
act-retry-do = { $n ->
    [one] Reprendre { $n } job
   *[other] Reprendre { $n } jobs
}
act-kill-do = { $n ->
    [one] Tuer { $n } job
   *[other] Tuer { $n } jobs
}
act-delete-do = { $n ->
    [one] Supprimer { $n } job
   *[other] Supprimer { $n } jobs
}
act-back = Retour

# What is being done to many jobs, on every page. $what: which jobs
work-everywhere = Tous les jobs
work-progress = Progression
work-cancel = Arrêter
work-dismiss = Fermer
work-undo = Annuler
works-title = Ce qui a été fait aux jobs
works-none = Rien n’a été fait à de nombreux jobs récemment.
work-undone = { $n ->
    [one] { $n } job a été rétabli
   *[other] { $n } jobs ont été rétablis
}
work-retry-going = Reprise ({ $what }) : { $n } jusqu’ici
work-retry-going-of = Reprise ({ $what }) : { $n } sur { $of }
work-retry-done = { $n ->
    [one] { $n } job repris ({ $what })
   *[other] { $n } jobs repris ({ $what })
}
work-retry-cancelled = Arrêté ; jobs repris : { $n } ({ $what })
work-retry-failed = Échec en cours de route ; jobs repris : { $n } ({ $what }). Le journal du serveur dit pourquoi.
work-kill-going = Mise à mort ({ $what }) : { $n } jusqu’ici
work-kill-going-of = Mise à mort ({ $what }) : { $n } sur { $of }
work-kill-done = { $n ->
    [one] { $n } job tué ({ $what })
   *[other] { $n } jobs tués ({ $what })
}
work-kill-cancelled = Arrêté ; jobs tués : { $n } ({ $what })
work-kill-failed = Échec en cours de route ; jobs tués : { $n } ({ $what }). Le journal du serveur dit pourquoi.
work-delete-going = Suppression ({ $what }) : { $n } jusqu’ici
work-delete-going-of = Suppression ({ $what }) : { $n } sur { $of }
work-delete-done = { $n ->
    [one] { $n } job supprimé ({ $what })
   *[other] { $n } jobs supprimés ({ $what })
}
work-delete-cancelled = Arrêté ; jobs supprimés : { $n } ({ $what })
work-delete-failed = Échec en cours de route ; jobs supprimés : { $n } ({ $what }). Le journal du serveur dit pourquoi.

# One queue
queue-title = File { $name }

# The page Recent: the last jobs that a worker had in its hands, one line each
recent-title = Récents
# A box for the id of a job; the button leads to the job, wherever it is
recent-find = Où est-il maintenant ?
recent-find-go = Trouver
# "jid" is the name that clients use for the id of a job
recent-jid = jid
recent-job = Job
recent-type = Type
recent-queue = File
recent-worker = Worker
# How long the job ran, and how long it had waited in its queue
recent-ran = Durée
recent-waited = Attente
recent-outcome = Issue
recent-when = Quand
recent-any = tous
recent-filter = Filtrer
recent-all = Tout afficher
# Stands in place of the jid where no worker reported the end
recent-no-jid = non signalé
recent-empty = Aucun job n’a été traité depuis le démarrage du serveur.
recent-none = Aucun des 1 000 derniers jobs ne correspond.
# $jid: what was looked for
recent-sought = Aucun job avec le jid { $jid } n’est gardé : il est terminé, ou n’a jamais existé. Ce que l’on en sait récemment est ci-dessous.
recent-unknown = Aucun job avec le jid { $jid } n’est enregistré : il s’est terminé il y a un moment, ou n’a jamais existé. Aucun des 1 000 derniers jobs ne le porte.

# How somebody's work on a job ended
outcome-done = réussi
outcome-failed = échoué
outcome-died = mort
outcome-discarded = abandonné
outcome-expired = réservation expirée
outcome-lost = worker perdu
outcome-released = libéré
outcome-overdue = pas exécuté à temps

# The page Statistics, and the pages of one job type or queue
statistics-title = Statistiques
statistics-span = Période
span-1h = 1 heure
span-24h = 24 heures
span-7d = 7 jours
span-30d = 30 jours
statistics-types = Types de jobs
statistics-queues = Files
statistics-type = Type
statistics-queue = File
# Titles of the pages of one: $name is the type or queue
statistics-of-type = Statistiques du type { $name }
statistics-of-queue = Statistiques de la file { $name }
# A link to the jobs of this type or queue
statistics-jobs = Ses jobs
statistics-sums = Sur cette période
statistics-name = Nom
statistics-count = Traités
statistics-good = Réussis
statistics-failed = Échecs
statistics-lost = Perdus avec leur worker
# How long jobs ran, and how long they had waited in their queue
statistics-run = Durée d’exécution
statistics-wait = Temps d’attente
statistics-run-said = Durée d’exécution en trois courbes : la médiane, les 95e et 99e centiles. Le tableau ci-dessous dit la même chose.
statistics-wait-said = Temps d’attente en trois courbes : la médiane, les 95e et 99e centiles. Le tableau ci-dessous dit la même chose.
# Heading of the small drawing in each row: how many there were over time
statistics-course = Évolution
# The row of all those that have no row of their own
statistics-other = tous les autres
statistics-empty = Rien ne s’est terminé sur cette période.
statistics-throughput = Débit
# $processed in all, $failed of them failed; $from and $to are times
statistics-said = { $processed } traités et { $failed } échecs de { $from } à { $to }
# One bar of the chart: $at is a time
statistics-at = { $at } : { $processed } traités, { $failed } échecs
# Marks are moments with a name, set by people and scripts, for example at a deployment
statistics-marks = Repères
statistics-mark = Marquer ce moment, par exemple comme un déploiement
statistics-set-mark = Poser un repère
statistics-no-marks = Aucun repère sur cette période.
statistics-table = Les chiffres en tableau
statistics-when = À partir de
# How far away a moment is, and how long something takes
moment-now = à l’instant
moment-invalid = date invalide
moment-ago-second = { $n ->
    [one] il y a { $n } seconde
   *[other] il y a { $n } secondes
}
moment-ago-minute = { $n ->
    [one] il y a { $n } minute
   *[other] il y a { $n } minutes
}
moment-ago-hour = { $n ->
    [one] il y a { $n } heure
   *[other] il y a { $n } heures
}
moment-ago-day = { $n ->
    [one] il y a { $n } jour
   *[other] il y a { $n } jours
}
moment-ago-month = il y a { $n } mois
moment-ago-year = { $n ->
    [one] il y a { $n } an
   *[other] il y a { $n } ans
}
moment-ahead-second = { $n ->
    [one] dans { $n } seconde
   *[other] dans { $n } secondes
}
moment-ahead-minute = { $n ->
    [one] dans { $n } minute
   *[other] dans { $n } minutes
}
moment-ahead-hour = { $n ->
    [one] dans { $n } heure
   *[other] dans { $n } heures
}
moment-ahead-day = { $n ->
    [one] dans { $n } jour
   *[other] dans { $n } jours
}
moment-ahead-month = dans { $n } mois
moment-ahead-year = { $n ->
    [one] dans { $n } an
   *[other] dans { $n } ans
}
moment-span-second = { $n ->
    [one] { $n } seconde
   *[other] { $n } secondes
}
moment-span-minute = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
moment-span-hour = { $n ->
    [one] { $n } heure
   *[other] { $n } heures
}
moment-span-day = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
moment-span-month = { $n } mois
moment-span-year = { $n ->
    [one] { $n } an
   *[other] { $n } ans
}

# The links between the pages of a list
pager-jobs = Pages de jobs
pager-queues = Pages de files
pager-processes = Pages de processus
pager-range = { $from }–{ $to } sur { $total }
pager-none = pas de page { $page }
pager-previous = ‹ Précédente
pager-last = Dernière »

# Home
home-throughput = Débit
home-throughput-words = Tentatives réussies et échouées, par seconde, sur les dix dernières minutes
home-done = réussis
home-every = Toutes les
home-latency = Latence
home-latency-words = Durée d’exécution et temps d’attente, 95e centile, sur les dix dernières minutes
# The 95th percentile of how long jobs ran, and of how long they had waited
home-run = exécution, p95
home-wait = attente, p95
home-pulse-at = { $time } : { $done }/s réussis, { $failed }/s échoués, exécution { $run }, attente { $wait }
home-pulse-unknown = { $time } : rien n’est connu
home-history = Historique
home-history-length = Durée de l’historique
home-history-day = { $date } : { $processed } traités, { $failed } échecs
home-history-words = { $processed } traités et { $failed } échecs de { $since } à { $until }
home-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
home-failed = échecs
home-attention = À surveiller
home-attention-none = Rien : aucune file n’est en retard, rien n’est mort.
home-no-workers = { $n ->
    [one] { $n } job attend, et aucun processus worker n’est connecté
   *[other] { $n } jobs attendent, et aucun processus worker n’est connecté
}
# The next job of this queue has waited for long; how long stands beside it.
home-queue-late = La file { $queue } est en retard
home-queue-paused = La file { $queue } est en pause
home-waiting = { $n ->
    [one] { $n } job attend
   *[other] { $n } jobs attendent
}
home-dead = { $n ->
    [one] { $n } job mort
   *[other] { $n } jobs morts
}
home-quiet = { $n ->
    [one] { $n } processus worker ne prend plus de jobs
   *[other] { $n } processus workers ne prennent plus de jobs
}
home-retries = { $n ->
    [one] { $n } job a échoué et sera repris
   *[other] { $n } jobs ont échoué et seront repris
}
home-queues = Files
home-share = Longueur de { $queue } à côté de la plus longue file
home-more-queues = { $n ->
    [one] { $n } autre file
   *[other] { $n } autres files
}
home-server = Serveur
home-version = Version
home-uptime = En marche depuis
home-connections = Connexions
home-memory = Mémoire
home-commands = Commandes

# Lists of jobs, on several pages
# Followed by a number
jobs-selected = Sélectionnés :
actions = Actions

# The page that asks before something is done
confirm-type = Saisissez { $name } pour continuer
confirm-back = Ne rien faire

# Busy. A worker process that is quiet finishes what it has and fetches no more.
busy-processes = Processus
busy-process = Processus
busy-queues = Demande
busy-more-queues = et { $n } de plus
busy-started = Démarré
busy-beat = Dernier signe de vie
busy-connections = Connexions
busy-memory = Mémoire
busy-busy = En cours
busy-no-processes = Aucun processus worker n’est connecté.
busy-stage-quiet = en retrait
busy-stage-terminate = en arrêt
busy-quiet = Mettre en retrait
busy-quiet-named = Mettre en retrait { $host }
busy-quiet-all = Tout mettre en retrait
busy-quiet-all-question = Mettre tous les processus workers en retrait ? Ils finissent ce qu’ils ont et ne prennent plus rien.
busy-stop = Arrêter
busy-stop-named = Arrêter { $host }
busy-stop-all = Tout arrêter
busy-stop-question = Arrêter { $host } ?
busy-stop-all-question = { $n ->
    [one] Arrêter le seul processus worker ?
   *[other] Arrêter les { $n } processus workers ?
}
busy-stop-jobs = { $n ->
    [0] Aucun job n’y est en cours.
    [one] { $n } job y est en cours.
   *[other] { $n } jobs y sont en cours.
}
busy-stop-means = Un processus worker l’apprend à son prochain signe de vie, ne prend plus rien et s’arrête avec ses jobs. Un job qui ne finit pas à temps est donné à un autre worker.
busy-jobs = Jobs
busy-no-jobs = Aucun job n’est en cours.
busy-runs = Tourne depuis
busy-release = Libérer
busy-release-named = Libérer { $jid }
busy-release-question = Donner ce job à un autre worker ? Il revient en tête de sa file, et ce que son worker en dira encore ne comptera plus.
busy-runs-of = De sa réservation de { $time }

# How far a job says that it is (TRACK SET), on Busy and on its page

progress-title = Avancement
# $percent: 0 to 100
progress-percent = { $percent } %

# Queues, and one queue
queues-empty = Pas encore de file : elle apparaît avec son premier job.
queues-name = File
queues-size = Taille
queues-oldest = Plus ancien
queues-working = En cours
# Jobs a second that come to the queue and leave it
queues-in = Entrées
queues-out = Sorties
queues-paused = en pause
queues-pause = Suspendre
queues-pause-named = Suspendre { $queue }
queues-resume = Reprendre
queues-resume-named = Reprendre { $queue }
queues-clear = Vider
queues-clear-named = Vider { $queue }
queue-oldest = le prochain job attend depuis { $time }
queue-empty = Aucun job n’attend ici.
queue-enqueued = Mis en file
queue-kill = Tuer
queue-kill-question = Déplacer les jobs sélectionnés parmi les morts ?
queue-delete = Supprimer
queue-delete-question = Supprimer les jobs sélectionnés ?
queue-clear-question = Vider la file { $queue } ?
queue-clear-means = { $n ->
    [0] Aucun job n’y attend.
    [one] { $n } job qui y attend est supprimé définitivement. Un job en cours continue.
   *[other] { $n } jobs qui y attendent sont supprimés définitivement. Les jobs en cours continuent.
}

# A job
job-more = Plus de jobs ont ce jid que ceux affichés ici.
job-state = État
job-queued = Attend dans sa file
job-scheduled = Planifié
job-retrying = Attend sa prochaine reprise
job-dead = Mort
job-working = En cours
job-ended = Ce job n’est plus là.
job-ended-known = Comment se sont terminées ses dernières tentatives :
job-ended-unknown = On ne sait plus ce qu’il est devenu ; seuls les 1 000 derniers jobs sont retenus.
job-discarded = Abandonné
job-retry = Reprendre maintenant
job-enqueue = Mettre en file
job-delete = Supprimer
job-delete-question = Supprimer ce job ?
job-kill = Tuer
job-kill-question = Déplacer ce job parmi les morts ?
job-failure = Dernier échec
job-error = Erreur
job-trace = Pile d’appels
job-no-trace = Le worker n’a pas envoyé de pile d’appels.
job-contents = Contenu
job-custom = Données propres
job-download = Télécharger le job entier
job-cut = { $shown } sur { $whole } sont affichés ; le téléchargement contient tout.
# What happened when; a moment stands behind each: "created 3 minutes ago"
job-step-created = Créé
job-step-asked = Doit tourner
job-step-enqueued = Mis en file
job-step-not-enqueued = Pas encore en file
job-step-waits = Attend un worker
job-step-failed = A échoué { $n } fois
job-step-first-failure = la première fois
job-step-started = Démarré
job-step-reserved = Réservé jusqu’à
job-step-runs = Tourne
job-step-retry = Prochaine reprise
job-step-kept = Gardé jusqu’à
job-step-expires = Expire
job-step-expired = Expiré
job-no-wid = un client sans wid
job-facts = Chiffres
job-jid = Jid
job-retry-count = Reprises faites
job-remaining = Reprises restantes
job-retries = Reprises permises
job-retries-die = aucune, puis il est mort
job-retries-discard = aucune, puis il est abandonné
job-reserve-for = Réservé pour
job-size = Taille
job-bytes = { $n ->
    [one] { $n } octet
   *[other] { $n } octets
}

# Debug
debug-yes = oui
debug-no = non
debug-server = Serveur
debug-version = Version
debug-compatible = Compatible avec Faktory
debug-environment = Environnement
debug-binding = Commandes à
debug-base-path = Chemin de base
debug-uptime = En marche depuis
debug-connections = Connexions
debug-commands = Commandes
debug-memory = Mémoire
debug-memory-full = Mémoire pleine
debug-reloads-refused = Rechargements refusés
debug-certificate = Certificat valable jusqu’au
debug-password = Un mot de passe est défini
debug-exposed = Ouvert à d’autres sans mot de passe
debug-missed = Événements manqués par les statistiques
debug-store = Stockage
debug-data = Répertoire de données
debug-durability = Durabilité
debug-disk-full = Disque plein
debug-disk-free = Place sur le disque
debug-answer = Réponse du moteur
debug-log = Journal du stockage
debug-log-length = Longueur
debug-log-live = Dont vivant, environ
debug-log-disk = Sur le disque, réserve comprise
debug-log-segments = Segments
debug-log-spares = Segments en réserve
debug-log-given-up = Segments abandonnés
debug-log-cleaned = Segments nettoyés
debug-log-cleaned-bytes = Réécrit par le nettoyage
debug-log-cleaned-at = Dernier nettoyage
debug-flushes = Écritures du journal
debug-turns = Tours du moteur
debug-spread-at = jusqu’à { $time } : { $n }
debug-spread-words = Combien des { $n } ont duré combien de temps
debug-since = Depuis le démarrage
debug-accepted = Jobs acceptés
debug-repushed = Envois traités comme des répétitions
debug-scheduled = Jobs planifiés mis en file
debug-retries = Reprises mises en file
debug-reaped = Réservations expirées
debug-workers-lost = Workers perdus
debug-jobs-lost = Jobs récupérés de workers perdus
debug-released = Jobs libérés à la main
debug-stale = ACK et FAIL sans effet
debug-undelivered = Livraisons qui n’ont atteint personne
debug-dead-dropped = Jobs chassés des morts
debug-expired = Jobs écartés, leur temps étant passé
debug-unique-locks = Clés uniques prises
debug-unique-denied = Envois refusés car non uniques
debug-rejected = Entrées refusées
debug-rejected-none = Rien n’a été refusé.

# The audit log: who has changed what
audit-title = Journal d’audit
audit-means = Chaque modification faite par une page, par l’API ou par le port des jobs, la plus récente d’abord. Les 10 000 dernières sont gardées.
audit-export = Tout enregistrer en lignes JSON
audit-find = Chercher
audit-find-go = Rechercher
audit-all = Tout afficher
audit-empty = Personne n’a rien modifié.
audit-at = Quand
audit-who = Qui
audit-action = Quoi
audit-object = Sur quoi
audit-count = Combien
audit-older = Plus anciennes
audit-role-open = ouvert
audit-role-admin = administrateur
audit-role-viewer = lecteur
audit-role-token = jeton
audit-by-page = page
audit-by-api = API
audit-by-port = port des jobs
audit-did-retry = reprendre
audit-did-delete = supprimer
audit-did-discard = supprimer, réversible
audit-did-restore = rétablir
audit-did-kill = tuer
audit-did-release = libérer
audit-did-move = déplacer
audit-did-edit = modifier
audit-did-clear = vider
audit-did-clear-queue = vider la file
audit-did-pause-queue = suspendre la file
audit-did-resume-queue = reprendre la file
audit-did-remove-queue = retirer la file
audit-did-cancel-batch = annuler le lot
audit-did-check-batch = vérifier le lot
audit-did-release-key = libérer la clé
audit-did-set-throttle = poser une limite
audit-did-reset-throttle = rétablir la limite
audit-did-run-cron-entry = lancer l’entrée cron
audit-did-pause-cron-entry = suspendre l’entrée cron
audit-did-resume-cron-entry = reprendre l’entrée cron
audit-did-wake-worker = réveiller le worker
audit-did-quiet-worker = mettre le worker en retrait
audit-did-stop-worker = arrêter le worker
audit-did-create-token = créer un jeton
audit-did-revoke-token = révoquer un jeton
audit-did-mark = poser un repère

# Tokens: what scripts are let in by. Scopes are words of the API and stay as they are; what they mean stands beside them.
tokens-title = Jetons
tokens-means = Un script muni d’un jeton peut faire ce que disent ses droits. Il l’envoie comme Authorization: Bearer.
tokens-open = Aucun mot de passe n’est défini : chacun peut tout faire, et personne ne demande de jeton.
tokens-made = Voici le nouveau jeton. Il n’est montré que cette fois : copiez-le maintenant.
tokens-empty = Il n’y a pas de jetons.
tokens-name = Nom
tokens-scopes = Droits
tokens-created = Créé
tokens-used = Dernier usage
tokens-expires = Expire
tokens-expired = expiré
tokens-never = jamais
tokens-revoke = Révoquer
tokens-new = Nouveau jeton
tokens-days = Jours de validité (vide : jusqu’à révocation)
tokens-create = Créer
tokens-scope-read = tout voir sauf les jetons et le journal d’audit
tokens-scope-push = envoyer des jobs et poser des repères
tokens-scope-operate = agir sur les jobs, les files et les workers
tokens-scope-admin = tout

# Déplacer des jobs vers une autre file. $to : la file, $what : quels jobs
deed-move = Déplacer
move-title = Déplacer vers une autre file
move-to = Vers la file
act-move = Déplacer des jobs vers une autre file
act-move-question = { $n ->
    [one] Déplacer { $n } job vers une autre file ?
   *[other] Déplacer { $n } jobs vers une autre file ?
}
act-move-at-least = Déplacer tous les jobs trouvés vers une autre file ? Il y en a plus de { $n }.
act-move-means = Les jobs en attente vont à la fin de cette file ; ceux qui ont échoué, sont planifiés ou morts restent comme ils sont et y vont le moment venu.
act-move-do = { $n ->
    [one] Déplacer { $n } job
   *[other] Déplacer { $n } jobs
}
work-move-going = Déplacement vers { $to } ({ $what }) : { $n } jusqu’ici
work-move-going-of = Déplacement vers { $to } ({ $what }) : { $n } sur { $of }
work-move-done = { $n ->
    [one] { $n } job déplacé vers { $to } ({ $what })
   *[other] { $n } jobs déplacés vers { $to } ({ $what })
}
work-move-cancelled = Arrêté ; jobs déplacés vers { $to } : { $n } ({ $what })
work-move-failed = Échec en cours de route ; jobs déplacés vers { $to } : { $n } ({ $what }). Le journal du serveur dit pourquoi.
deed-edit = Modifier
act-edit = Modifier des jobs et les remettre en file
act-edit-question = { $n ->
    [one] Modifier { $n } job et le mettre dans sa file ?
   *[other] Modifier { $n } jobs et les mettre dans leurs files ?
}
act-edit-at-least = Modifier tous les jobs trouvés et les mettre dans leurs files ? Il y en a plus de { $n }.
act-edit-means = Tous reçoivent ce qui est saisi ici ; ce qui reste vide ne change pas. Ils gardent leur jid et sont traités dès qu’un worker est libre.
act-edit-types = Ces jobs sont de plusieurs types : les mêmes arguments leur conviennent rarement à tous.
act-edit-do = { $n ->
    [one] Modifier et mettre en file { $n } job
   *[other] Modifier et mettre en file { $n } jobs
}
work-edit-going = Modification ({ $what }) : { $n } jusqu’ici
work-edit-going-of = Modification ({ $what }) : { $n } sur { $of }
work-edit-done = { $n ->
    [one] { $n } job modifié et mis en file ({ $what })
   *[other] { $n } jobs modifiés et mis en file ({ $what })
}
work-edit-cancelled = Arrêté ; jobs modifiés et mis en file : { $n } ({ $what })
work-edit-failed = Échec en cours de route ; jobs modifiés et mis en file : { $n } ({ $what }). Le journal du serveur dit pourquoi.
order-hint = Les listes suivent seulement l’ordre du temps : tout autre ordre obligerait à les lire en entier, même avec un million de jobs. Pour un type ou une file, cherchez type: ou queue:.

# La page qui modifie un job
edit-link = Modifier
edit-title = Modifier le job
edit-means = Le job garde son jid, sa place et ce que l’on sait de son dernier échec. Nouveaux essais permis : -1 pour aucun, il est alors mort ; 0 pour aucun, il est alors abandonné.
edit-too-long = Les arguments de ce job dépassent 64 Kio et ne peuvent pas être modifiés ici. La ligne de commande et l’API le peuvent.
edit-save = Enregistrer
edit-enqueue = Enregistrer et mettre en file maintenant

# Les lots, et l’un d’eux
batches-all = Tous
batches-states = États
batches-empty = Pas encore de lot : un lot apparaît avec BATCH NEW.
batches-none = Aucun lot n’est dans cet état.
batches-older = Plus anciens
batches-batch = Lot
batches-one = Lot { $bid }
batches-state = État
batches-progress = Progression
batches-failed = Échecs
batches-created = Créé
batches-state-open = ouvert
batches-state-running = en cours
batches-state-failing = en échec
batches-state-succeeded = réussi
batches-state-failed = échoué
batches-state-cancelled = annulé
batches-parent = partie de
batches-closed-at = fermé
batches-forgotten-at = oublié
batches-check = Vérifier
batches-checked-nothing = Vérifié : il n’y avait rien à réparer.
batches-checked = Vérifié. Réparations : { $n }
batches-cancel = Annuler le lot
batches-cancel-question = Annuler le lot { $bid } ?
batches-cancel-means = Plus aucun callback ne viendra. Les membres en attente sont supprimés, ceux des lots inférieurs aussi ; ce qui est en cours se termine, et ce qui est mort reste.
batches-waits = Attend
batches-waits-nothing = Plus rien ne viendra.
batches-wait-commit = BATCH COMMIT ; sans lui, il est oublié.
batches-wait-again = BATCH COMMIT, car il a été rouvert ; sans lui, il est fermé.
batches-wait-members = Jobs pas encore exécutés : { $n }
batches-wait-failing = Jobs en échec, à réessayer ou morts : { $n }
batches-wait-children = Lots inférieurs et leurs callbacks : { $n }
batches-wait-callback = Le callback { $name }, déjà envoyé
batches-wait-lost = Le callback { $name }, dont le job a été supprimé ; Vérifier le renvoie.
batches-wait-never = Le callback success ne viendra jamais ; jobs terminés sans ACK : { $n }
batches-members = Membres
batches-living = Membres à traiter
batches-living-none = Il ne reste aucun membre : tous sont terminés.
batches-more = Il y a plus de membres que comptés ici.
batches-job = Job
batches-place = Où
batches-place-done = terminés
batches-place-gone = disparus sans ACK
batches-place-working = en cours
batches-place-queued = en attente
batches-place-retrying = à réessayer
batches-place-scheduled = planifiés
batches-place-dead = morts
batches-place-discarded = écartés
batches-callbacks = Callbacks
batches-call-waits = pas encore
batches-call-pushed = envoyé
batches-call-done = terminé
batches-children = Lots inférieurs

# La page d’un problème : son titre selon le statut HTTP, et ce qui est dit le plus souvent
problem-400 = Requête incompréhensible
problem-401 = Connexion requise
problem-403 = Interdit
problem-404 = Introuvable
problem-405 = Méthode non permise
problem-408 = Délai dépassé
problem-409 = Conflit
problem-413 = Trop volumineux
problem-414 = Adresse trop longue
problem-415 = Format inconnu
problem-421 = Mauvais nom
problem-422 = Impossible à traiter
problem-429 = Trop de requêtes
problem-431 = En-têtes trop volumineux
problem-500 = Erreur interne
problem-503 = Indisponible pour le moment
problem-home = Vers l’accueil
problem-status = Statut
problem-internal = Erreur interne ; le journal du serveur en dit plus
problem-no-page = Cette page n’existe pas
problem-no-password = Un mot de passe est requis
problem-wrong-password = Le mot de passe est faux
problem-viewer = Ce mot de passe ne permet que de lire ; une modification demande l’autre
problem-viewer-admin = Il faut le mot de passe : celui de lecture ne montre ni les jetons ni le journal d’audit

# Clés uniques : quel job tient laquelle
unique-title = Clés uniques
unique-means = Chaque clé est tenue par un job. Tant qu’elle l’est, l’envoi d’un autre job avec la même clé est refusé. Libérer une clé laisse entrer le suivant ; le job qui la tenait continue sans elle.
unique-key = Clé
unique-find = Afficher
unique-all = Tout afficher
unique-empty = Aucune clé unique n’est tenue.
unique-free = Cette clé est libre.
unique-job = Job
unique-queue = File
unique-state = État
unique-until = Tenue jusqu’à
unique-release = Libérer
unique-release-named = Libérer la clé de { $jid }
unique-release-question = Libérer cette clé ? Le prochain job avec la même clé sera accepté, même tant que celui-ci est là.
unique-success = au plus tard : libre dès que le job réussit
unique-start = au plus tard : libre dès que le job commence
unique-expiry = dans tous les cas
unique-done = Terminé
unique-next = Suivant

# Throttles: what limits queues
throttles-title = Limite { $queue }
throttles-means = Ce qui limite les files, et qui tient les places. Pour les workers, une file pleine est une file vide.
throttles-empty = Aucune file n’est limitée. Les limites se règlent ici, ou par [throttles] dans la configuration.
throttles-limits = Limites
throttles-taken = Prises
throttles-holders = Tenues par
throttles-waiting = En attente
throttles-tokens = Jetons
throttles-concurrency = À la fois : { $n }
throttles-worker = Par worker : { $n }
throttles-rate = Commencées : { $n } en { $time }
throttles-burst = D’un coup : { $n }
throttles-none = Aucune limite
throttles-full = pleine
throttles-set = réglée à la main
throttles-next = prochaine dans { $time }
throttles-nobody = aucun worker
throttles-idle = Personne ne tient de place.
throttles-slots-of = Places prises de { $queue }
throttles-configured = La configuration dit : { $limits }
throttles-new = Limiter une file
throttles-change = Changer les limites
throttles-field-concurrency = Jobs à la fois, tous les workers ensemble
throttles-field-worker = Jobs à la fois, chaque worker
throttles-field-rate = Jobs commencés par période
throttles-field-per = La période en secondes (vide : 1)
throttles-field-burst = Jobs commencés d’un coup (vide : autant que par période)
throttles-save = Régler
throttles-lift = Lever toutes les limites
throttles-reset = Revenir à la configuration

# Cron: jobs that are pushed by the clock
cron-title = Cron
cron-empty = Aucun job n’est lancé par l’horloge : les entrées sont des tables [[cron]] de la configuration.
cron-entry = Entrée
cron-schedule = Horaire
cron-zone = Fuseau horaire
cron-job = Job
cron-next = Prochaine exécution
cron-last = Dernière exécution
cron-missed = Exécutions manquées
cron-missed-skip = sont abandonnées
cron-missed-once = la dernière est rattrapée
cron-missed-all = sont rattrapées
cron-jitter = Étalement
cron-jitter-seconds = { $n ->
    [one] jusqu’à { $n } seconde
   *[other] jusqu’à { $n } secondes
}
cron-off = désactivée
cron-paused = en pause
cron-run = Lancer
cron-run-named = Lancer { $id }
cron-pause = Suspendre
cron-pause-named = Suspendre { $id }
cron-resume = Reprendre
cron-resume-named = Reprendre { $id }
cron-entry-title = Entrée cron { $id }
cron-runs = Dernières exécutions
cron-runs-empty = Pas encore d’exécution.
cron-tick = Échéance
cron-outcome = Résultat
cron-ended = Fin
cron-fails = Échecs
cron-by-hand = à la main
cron-at-working = en cours
cron-at-queued = en file
cron-at-retries = en échec, sera réessayé
cron-at-scheduled = planifié
cron-at-dead = mort
cron-at-discarded = écarté
cron-ran-pushed = en file
cron-ran-done = terminé
cron-ran-died = mort
cron-ran-discarded = en échec et écarté
cron-ran-deleted = supprimé
cron-ran-expired = expiré
cron-ran-refused = refusé
cron-ran-missed = { $n ->
    [one] manquée
   *[other] { $n } manquées
}
cron-ran-paused = { $n ->
    [one] sautée pendant la pause
   *[other] { $n } sautées pendant la pause
}
cron-every-second = { $n ->
    [one] Chaque seconde
   *[other] Toutes les { $n } secondes
}
cron-every-minute = { $n ->
    [one] Chaque minute
   *[other] Toutes les { $n } minutes
}
cron-every-hour = { $n ->
    [one] Chaque heure
   *[other] Toutes les { $n } heures
}
cron-every-day = { $n ->
    [one] Chaque jour
   *[other] Tous les { $n } jours
}
cron-hourly = Chaque heure à la minute { $minute }
cron-times = À { $times }
cron-weekdays = le { $days }
cron-monthdays = le { $days } du mois
cron-both = { $time }, { $day }
cron-day-0 = dimanche
cron-day-1 = lundi
cron-day-2 = mardi
cron-day-3 = mercredi
cron-day-4 = jeudi
cron-day-5 = vendredi
cron-day-6 = samedi
