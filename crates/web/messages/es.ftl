# Every text of the dashboard, in Spanish. One file per language; the format is Project Fluent's (a key, "=", a text; { $n } is
# filled in; a text may depend on a number's plural). Keys start with the page or part that shows them.

language = Español

# What stands around every page
skip-to-content = Saltar al contenido
nav-pages = Páginas
tab-home = Inicio
tab-recent = Recientes
tab-busy = En curso
tab-queues = Colas
tab-batches = Lotes
tab-throttles = Límites
tab-retries = Reintentos
tab-scheduled = Programados
tab-dead = Muertos
tab-cron = Cron
tab-statistics = Estadísticas
search-label = Buscar trabajos
search-hint = Buscar: jid, type:, queue:, error: …
# Whether the page follows what happens by itself
live-live = En vivo
live-paused = En pausa
live-lost = Sin respuesta
live-hint = Pausar o continuar
status-active = activo
status-idle = inactivo
summary-title = Resumen
summary-processed = Procesados
summary-failures = Fallidos
summary-busy = En curso
summary-enqueued = En cola
summary-retries = Reintentos
summary-scheduled = Programados
summary-dead = Muertos
footer-connections = { $n ->
    [one] conexión
   *[other] conexiones
}
footer-debug = Diagnóstico
footer-tokens = Tokens
footer-audit = Auditoría
footer-unique = Claves únicas
footer-docs = Documentación
footer-language = Idioma
footer-theme = Apariencia
theme-auto = Automática
theme-light = Clara
theme-dark = Oscura
# The state of the server, above every page: first what, then what it means.
banner-exposed = No hay contraseña
banner-exposed-more = y otras máquinas llegan a este servidor: quien lo haga puede leer, cambiar y borrar todos los trabajos.
banner-disk-full = El disco está lleno
banner-disk-full-more = y se rechazan trabajos nuevos hasta que haya sitio. Los workers siguen.
banner-memory-full = Falta memoria
banner-memory-full-more = y se rechazan trabajos nuevos hasta que haya suficiente. Los workers siguen.
banner-relaxed = La durabilidad está relajada
banner-relaxed-more = y un corte de luz puede llevarse lo que se respondió en los últimos 100 ms.

# Lists of jobs: columns, states, and what can be done
jobs-select = Seleccionar
jobs-select-all = Seleccionar todos los de esta página
jobs-select-one = Seleccionar { $jid }
jobs-state = Estado
jobs-job = Trabajo
jobs-queue = Cola
jobs-arguments = Argumentos
jobs-error = Error
jobs-retries = Reintentos
jobs-when = Cuándo
jobs-next-retry = Próximo reintento
jobs-last-retry = Último reintento
# When a deleted job can no longer be brought back
jobs-gone-at = Se pierde
jobs-never = nunca
state-working = En curso
state-waiting = En espera
state-retries = Reintentos
state-scheduled = Programados
state-dead = Muertos
state-discarded = Borrados
# De un trabajo
state-one-working = En curso
state-one-waiting = En espera
state-one-retries = Por reintentar
state-one-scheduled = Programado
state-one-dead = Muerto
state-one-discarded = Borrado
deed-retry = Reintentar ahora
deed-add_to_queue = Añadir a la cola
deed-kill = Matar
deed-delete = Borrar
deed-restore = Recuperar
deed-kill-selected = ¿Mover los trabajos seleccionados a los muertos?
deed-delete-selected = ¿Borrar los trabajos seleccionados?
pager-first = « Primera
pager-next = Siguiente ›

# Retries, Scheduled, Dead
set-retries-empty = Ningún trabajo fallido espera otro intento.
set-scheduled-empty = Ningún trabajo está programado para después.
set-dead-empty = Ningún trabajo ha agotado sus reintentos.
set-discarded-empty = Ningún trabajo borrado se puede recuperar.
set-act-on-all = Los { $total }:

# The search: its page and the box on other pages. Names of fields (type:, queue: …) are the same in every language
search-title = Búsqueda
search-jobs = Buscar entre estos trabajos
search-jobs-hint = type:Mail* error:timeout age>2h
search-find = Buscar
search-found = { $n ->
    [0] Ningún trabajo coincide
    [one] 1 trabajo coincide
   *[other] { $n } trabajos coinciden
}
search-found-so-far = { $n ->
    [one] 1 trabajo coincide por ahora
   *[other] { $n } trabajos coinciden por ahora
}
search-go-on = Seguir buscando
search-nothing = Ningún trabajo coincide. Los terminados no se guardan; la página Recientes muestra los últimos.
search-empty = Busque trabajos en cualquier estado: en espera, en curso, por reintentar, programados, muertos.
search-all = { $n ->
    [one] El trabajo que coincide:
   *[other] Los { $n } que coinciden:
}
search-all-uncounted = Todos los que coinciden:
search-pages = Páginas de la búsqueda
search-wrong = { $what } (en el carácter { $place })
search-syntax = Qué se puede buscar
search-syntax-terms = Los términos se separan con espacios, y un trabajo debe cumplirlos todos; varios de type, queue, jid o state significan «cualquiera de ellos», igual que las comas en type:, queue: y state:. * vale por cualquier texto, las comillas mantienen juntos los espacios, y no se distinguen mayúsculas. Una palabra sola se busca en tipo, jid, error y argumentos.
search-syntax-fields = type: queue: jid: se comparan enteros; error: y arg: se buscan en cualquier parte del texto; state: es working, waiting, retries, scheduled o dead; age> y age< toman 90s, 15m, 2h, 7d o 4w, desde que el trabajo entró en su cola o falló por primera vez; retries> y retries< toman un número.

# The question before something is done to many jobs
act-retry = Reintentar trabajos ahora
act-kill = Matar trabajos
act-delete = Borrar trabajos
act-retry-question = { $n ->
    [one] ¿Poner 1 trabajo en su cola ahora?
   *[other] ¿Poner { $n } trabajos en sus colas ahora?
}
act-kill-question = { $n ->
    [one] ¿Mover 1 trabajo a los muertos?
   *[other] ¿Mover { $n } trabajos a los muertos?
}
act-delete-question = { $n ->
    [one] ¿Borrar 1 trabajo?
   *[other] ¿Borrar { $n } trabajos?
}
act-retry-at-least = ¿Poner todos los que coinciden en sus colas ahora? Son más de { $n } trabajos.
act-kill-at-least = ¿Mover todos los que coinciden a los muertos? Son más de { $n } trabajos.
act-delete-at-least = ¿Borrar todos los que coinciden? Son más de { $n } trabajos.
act-retry-means = Se procesan en cuanto haya un worker libre, sin esperar su hora.
act-kill-means = Los trabajos muertos no se reintentan solos; se pueden reintentar desde la página Muertos.
act-delete-means = Los trabajos borrados se pueden recuperar durante un minuto; después se pierden.
act-working = Los trabajos en curso no se tocan, ni los que lleguen desde ahora.
act-whole-list = Todos los trabajos de esta lista.
act-search = Trabajos que coinciden con
act-more = { $n ->
    [one] y 1 más
   *[other] y { $n } más
}
act-pushed-out = { $n ->
    [one] Caben { $most } trabajos muertos: 1 trabajo, el más antiguo, quedaría fuera y se perdería.
   *[other] Caben { $most } trabajos muertos: { $n } de ellos, los más antiguos, quedarían fuera y se perderían.
}
act-grown = No se ha hecho nada: la cuenta era { $n } y ahora hay más. Este es su número actual.
act-type = Para confirmar, escriba el número de trabajos, { $n }:
act-retry-do = { $n ->
    [one] Reintentar 1 trabajo
   *[other] Reintentar { $n } trabajos
}
act-kill-do = { $n ->
    [one] Matar 1 trabajo
   *[other] Matar { $n } trabajos
}
act-delete-do = { $n ->
    [one] Borrar 1 trabajo
   *[other] Borrar { $n } trabajos
}
act-back = Volver

# What is being done to many jobs, on every page. $what: which jobs
work-everywhere = Todos los trabajos
work-progress = Progreso
work-cancel = Detener
work-dismiss = Cerrar
work-undo = Deshacer
works-title = Lo que se hizo con los trabajos
works-none = No se ha hecho nada con muchos trabajos últimamente.
work-undone = { $n ->
    [one] Se recuperó 1 trabajo
   *[other] Se recuperaron { $n } trabajos
}
work-retry-going = Reintentando ({ $what }): { $n } por ahora
work-retry-going-of = Reintentando ({ $what }): { $n } de { $of }
work-retry-done = { $n ->
    [one] 1 trabajo reintentado ({ $what })
   *[other] { $n } trabajos reintentados ({ $what })
}
work-retry-cancelled = Detenido; trabajos reintentados: { $n } ({ $what })
work-retry-failed = Falló a medio camino; trabajos reintentados: { $n } ({ $what }). El registro del servidor dice por qué.
work-kill-going = Matando ({ $what }): { $n } por ahora
work-kill-going-of = Matando ({ $what }): { $n } de { $of }
work-kill-done = { $n ->
    [one] 1 trabajo matado ({ $what })
   *[other] { $n } trabajos matados ({ $what })
}
work-kill-cancelled = Detenido; trabajos matados: { $n } ({ $what })
work-kill-failed = Falló a medio camino; trabajos matados: { $n } ({ $what }). El registro del servidor dice por qué.
work-delete-going = Borrando ({ $what }): { $n } por ahora
work-delete-going-of = Borrando ({ $what }): { $n } de { $of }
work-delete-done = { $n ->
    [one] 1 trabajo borrado ({ $what })
   *[other] { $n } trabajos borrados ({ $what })
}
work-delete-cancelled = Detenido; trabajos borrados: { $n } ({ $what })
work-delete-failed = Falló a medio camino; trabajos borrados: { $n } ({ $what }). El registro del servidor dice por qué.

# One queue
queue-title = Cola { $name }

# The page Recent: the last jobs that a worker had in its hands, one line each
recent-title = Recientes
# A box for the id of a job; the button leads to the job, wherever it is
recent-find = ¿Dónde está ahora?
recent-find-go = Encontrar
# "jid" is the name that clients use for the id of a job
recent-jid = jid
recent-job = Trabajo
recent-type = Tipo
recent-queue = Cola
recent-worker = Worker
# How long the job ran, and how long it had waited in its queue
recent-ran = Duración
recent-waited = Espera
recent-outcome = Resultado
recent-when = Cuándo
recent-any = cualquiera
recent-filter = Filtrar
recent-all = Mostrar todos
# Stands in place of the jid where no worker reported the end
recent-no-jid = sin aviso
recent-empty = No se ha trabajado en ningún trabajo desde que arrancó el servidor.
recent-none = Ninguno de los últimos 1000 trabajos coincide.
# $jid: what was looked for
recent-sought = No se guarda ningún trabajo con el jid { $jid }: terminó, o nunca existió. Lo último que se sabe de él está abajo.
recent-unknown = No hay ningún trabajo con el jid { $jid }: terminó hace un tiempo o nunca existió. Ninguno de los últimos 1000 trabajos lo tiene.

# How somebody's work on a job ended
outcome-done = hecho
outcome-failed = fallido
outcome-died = muerto
outcome-discarded = descartado
outcome-expired = reserva vencida
outcome-lost = worker perdido
outcome-released = liberado
outcome-overdue = no ejecutado a tiempo

# The page Statistics, and the pages of one job type or queue
statistics-title = Estadísticas
statistics-span = Periodo
span-1h = 1 hora
span-24h = 24 horas
span-7d = 7 días
span-30d = 30 días
statistics-types = Tipos de trabajo
statistics-queues = Colas
statistics-type = Tipo
statistics-queue = Cola
# Titles of the pages of one: $name is the type or queue
statistics-of-type = Estadísticas del tipo { $name }
statistics-of-queue = Estadísticas de la cola { $name }
# A link to the jobs of this type or queue
statistics-jobs = Sus trabajos
statistics-sums = En este periodo
statistics-name = Nombre
statistics-count = Procesados
statistics-good = Logrados
statistics-failed = Fallidos
statistics-lost = Perdidos con su worker
# How long jobs ran, and how long they had waited in their queue
statistics-run = Tiempo de ejecución
statistics-wait = Tiempo de espera
statistics-run-said = Tiempo de ejecución en tres curvas: la mediana y los percentiles 95 y 99. La tabla de abajo dice lo mismo.
statistics-wait-said = Tiempo de espera en tres curvas: la mediana y los percentiles 95 y 99. La tabla de abajo dice lo mismo.
# Heading of the small drawing in each row: how many there were over time
statistics-course = Evolución
# The row of all those that have no row of their own
statistics-other = todos los demás
statistics-empty = Nada terminó en este periodo.
statistics-throughput = Caudal
# $processed in all, $failed of them failed; $from and $to are times
statistics-said = { $processed } procesados y { $failed } fallidos de { $from } a { $to }
# One bar of the chart: $at is a time
statistics-at = { $at }: { $processed } procesados, { $failed } fallidos
# Marks are moments with a name, set by people and scripts, for example at a deployment
statistics-marks = Marcas
statistics-mark = Marcar este momento, por ejemplo como despliegue
statistics-set-mark = Poner marca
statistics-no-marks = Ninguna marca en este periodo.
statistics-table = Las cifras en una tabla
statistics-when = Desde
# How far away a moment is, and how long something takes
moment-now = ahora mismo
moment-invalid = fecha no válida
moment-ago-second = { $n ->
    [one] hace { $n } segundo
   *[other] hace { $n } segundos
}
moment-ago-minute = { $n ->
    [one] hace { $n } minuto
   *[other] hace { $n } minutos
}
moment-ago-hour = { $n ->
    [one] hace { $n } hora
   *[other] hace { $n } horas
}
moment-ago-day = { $n ->
    [one] hace { $n } día
   *[other] hace { $n } días
}
moment-ago-month = { $n ->
    [one] hace { $n } mes
   *[other] hace { $n } meses
}
moment-ago-year = { $n ->
    [one] hace { $n } año
   *[other] hace { $n } años
}
moment-ahead-second = { $n ->
    [one] en { $n } segundo
   *[other] en { $n } segundos
}
moment-ahead-minute = { $n ->
    [one] en { $n } minuto
   *[other] en { $n } minutos
}
moment-ahead-hour = { $n ->
    [one] en { $n } hora
   *[other] en { $n } horas
}
moment-ahead-day = { $n ->
    [one] en { $n } día
   *[other] en { $n } días
}
moment-ahead-month = { $n ->
    [one] en { $n } mes
   *[other] en { $n } meses
}
moment-ahead-year = { $n ->
    [one] en { $n } año
   *[other] en { $n } años
}
moment-span-second = { $n ->
    [one] { $n } segundo
   *[other] { $n } segundos
}
moment-span-minute = { $n ->
    [one] { $n } minuto
   *[other] { $n } minutos
}
moment-span-hour = { $n ->
    [one] { $n } hora
   *[other] { $n } horas
}
moment-span-day = { $n ->
    [one] { $n } día
   *[other] { $n } días
}
moment-span-month = { $n ->
    [one] { $n } mes
   *[other] { $n } meses
}
moment-span-year = { $n ->
    [one] { $n } año
   *[other] { $n } años
}

# The links between the pages of a list
pager-jobs = Páginas de trabajos
pager-queues = Páginas de colas
pager-processes = Páginas de procesos
pager-range = { $from }–{ $to } de { $total }
pager-none = no hay página { $page }
pager-previous = ‹ Anterior
pager-last = Última »

# Home
home-throughput = Caudal
home-throughput-words = Intentos hechos y fallidos, por segundo, en los últimos diez minutos
home-done = hechos
home-every = Cada
home-latency = Latencia
home-latency-words = Tiempo de ejecución y de espera, percentil 95, en los últimos diez minutos
# The 95th percentile of how long jobs ran, and of how long they had waited
home-run = ejecución, p95
home-wait = espera, p95
home-pulse-at = { $time }: { $done }/s hechos, { $failed }/s fallidos, ejecución { $run }, espera { $wait }
home-pulse-unknown = { $time }: no se sabe nada
home-history = Historial
home-history-length = Duración del historial
home-history-day = { $date }: { $processed } procesados, { $failed } fallidos
home-history-words = { $processed } procesados y { $failed } fallidos de { $since } a { $until }
home-days = { $n ->
    [one] { $n } día
   *[other] { $n } días
}
home-failed = fallidos
home-attention = Requiere atención
home-attention-none = Nada: ninguna cola va con retraso, nada está muerto.
home-no-workers = { $n ->
    [one] { $n } trabajo espera, y no hay ningún proceso worker conectado
   *[other] { $n } trabajos esperan, y no hay ningún proceso worker conectado
}
# The next job of this queue has waited for long; how long stands beside it.
home-queue-late = La cola { $queue } va con retraso
home-queue-paused = La cola { $queue } está en pausa
home-waiting = { $n ->
    [one] { $n } trabajo espera
   *[other] { $n } trabajos esperan
}
home-dead = { $n ->
    [one] { $n } trabajo muerto
   *[other] { $n } trabajos muertos
}
home-quiet = { $n ->
    [one] { $n } proceso worker ya no toma trabajos
   *[other] { $n } procesos worker ya no toman trabajos
}
home-retries = { $n ->
    [one] { $n } trabajo falló y se reintentará
   *[other] { $n } trabajos fallaron y se reintentarán
}
home-queues = Colas
home-share = Longitud de { $queue } junto a la cola más larga
home-more-queues = { $n ->
    [one] { $n } cola más
   *[other] { $n } colas más
}
home-server = Servidor
home-version = Versión
home-uptime = En marcha desde hace
home-connections = Conexiones
home-memory = Memoria
home-commands = Comandos

# Lists of jobs, on several pages
# Followed by a number
jobs-selected = Seleccionados:
actions = Acciones

# The page that asks before something is done
confirm-type = Escriba { $name } para continuar
confirm-back = No hacer nada

# Busy. A worker process that is quiet finishes what it has and fetches no more.
busy-processes = Procesos
busy-process = Proceso
busy-queues = Pide de
busy-more-queues = y { $n } más
busy-started = Inicio
busy-beat = Último latido
busy-connections = Conexiones
busy-memory = Memoria
busy-busy = En curso
busy-no-processes = No hay ningún proceso worker conectado.
busy-stage-quiet = en calma
busy-stage-terminate = terminando
busy-quiet = Calmar
busy-quiet-named = Calmar { $host }
busy-quiet-all = Calmar todos
busy-quiet-all-question = ¿Calmar todos los procesos worker? Acaban lo que tienen y no toman más.
busy-stop = Detener
busy-stop-named = Detener { $host }
busy-stop-all = Detener todos
busy-stop-question = ¿Detener { $host }?
busy-stop-all-question = { $n ->
    [one] ¿Detener el único proceso worker?
   *[other] ¿Detener los { $n } procesos worker?
}
busy-stop-jobs = { $n ->
    [0] Allí no hay ningún trabajo en curso.
    [one] Allí hay { $n } trabajo en curso.
   *[other] Allí hay { $n } trabajos en curso.
}
busy-stop-means = Un proceso worker lo sabe con su próximo latido, deja de tomar trabajos y termina cuando acaban los suyos. Un trabajo que no acaba a tiempo pasa a otro worker.
busy-jobs = Trabajos
busy-no-jobs = No hay ningún trabajo en curso.
busy-runs = En marcha
busy-release = Liberar
busy-release-named = Liberar { $jid }
busy-release-question = ¿Dar este trabajo a otro worker? Vuelve a la cabeza de su cola, y lo que su worker diga de él ya no cuenta.
busy-runs-of = De su reserva de { $time }

# How far a job says that it is (TRACK SET), on Busy and on its page

progress-title = Progreso
# $percent: 0 to 100
progress-percent = { $percent } %

# Queues, and one queue
queues-empty = Aún no hay colas: aparecen con su primer trabajo.
queues-name = Cola
queues-size = Tamaño
queues-oldest = Más antiguo
queues-working = En curso
# Jobs a second that come to the queue and leave it
queues-in = Entran
queues-out = Salen
queues-paused = en pausa
queues-pause = Pausar
queues-pause-named = Pausar { $queue }
queues-resume = Reanudar
queues-resume-named = Reanudar { $queue }
queues-clear = Vaciar
queues-clear-named = Vaciar { $queue }
queue-oldest = el próximo trabajo lleva esperando { $time }
queue-empty = Aquí no espera ningún trabajo.
queue-enqueued = En cola
queue-kill = Matar
queue-kill-question = ¿Mover los trabajos seleccionados a los muertos?
queue-delete = Borrar
queue-delete-question = ¿Borrar los trabajos seleccionados?
queue-clear-question = ¿Vaciar la cola { $queue }?
queue-clear-means = { $n ->
    [0] No espera ningún trabajo en ella.
    [one] { $n } trabajo que espera en ella se borra para siempre. Un trabajo en curso sigue.
   *[other] { $n } trabajos que esperan en ella se borran para siempre. Los trabajos en curso siguen.
}

# A job
job-more = Hay más trabajos con este jid de los que se muestran aquí.
job-state = Estado
job-queued = Espera en su cola
job-scheduled = Programado
job-retrying = Espera su próximo reintento
job-dead = Muerto
job-working = En curso
job-ended = Este trabajo ya no está aquí.
job-ended-known = Así terminaron sus últimos intentos:
job-ended-unknown = Ya no se sabe qué fue de él; solo se recuerdan los últimos 1000 trabajos.
job-discarded = Descartado
job-retry = Reintentar ahora
job-enqueue = Añadir a la cola
job-delete = Borrar
job-delete-question = ¿Borrar este trabajo?
job-kill = Matar
job-kill-question = ¿Mover este trabajo a los muertos?
job-failure = Último fallo
job-error = Error
job-trace = Traza de la pila
job-no-trace = El worker no envió ninguna traza.
job-contents = Contenido
job-custom = Datos propios
job-download = Descargar el trabajo entero
job-cut = Se muestran { $shown } de { $whole }; la descarga lo contiene todo.
# What happened when; a moment stands behind each: "created 3 minutes ago"
job-step-created = Creado
job-step-asked = Debe ejecutarse
job-step-enqueued = En cola
job-step-not-enqueued = Aún no está en cola
job-step-waits = Espera un worker
job-step-failed = { $n ->
    [one] Falló una vez
   *[other] Falló { $n } veces
}
job-step-first-failure = la primera vez
job-step-started = Inicio
job-step-reserved = Reservado hasta
job-step-runs = En marcha
job-step-retry = Próximo reintento
job-step-kept = Se guarda hasta
job-step-expires = Caduca
job-step-expired = Caducado
job-no-wid = un cliente sin wid
job-facts = Cifras
job-jid = Jid
job-retry-count = Reintentos hechos
job-remaining = Reintentos restantes
job-retries = Reintentos permitidos
job-retries-die = ninguno, después muere
job-retries-discard = ninguno, después se descarta
job-reserve-for = Reservado por
job-size = Tamaño
job-bytes = { $n ->
    [one] { $n } byte
   *[other] { $n } bytes
}

# Debug
debug-yes = sí
debug-no = no
debug-server = Servidor
debug-version = Versión
debug-compatible = Compatible con Faktory
debug-environment = Entorno
debug-binding = Comandos en
debug-base-path = Ruta base
debug-uptime = En marcha desde hace
debug-connections = Conexiones
debug-commands = Comandos
debug-memory = Memoria
debug-memory-full = Memoria llena
debug-reloads-refused = Recargas rechazadas
debug-certificate = Certificado válido hasta
debug-password = Hay contraseña
debug-exposed = Abierto a otros sin contraseña
debug-missed = Eventos que las estadísticas perdieron
debug-store = Almacén
debug-data = Directorio de datos
debug-durability = Durabilidad
debug-disk-full = Disco lleno
debug-disk-free = Sitio en el disco
debug-answer = Respuesta del motor
debug-log = Registro del almacén
debug-log-length = Longitud
debug-log-live = De ello vivo, aprox.
debug-log-disk = En el disco, con reserva
debug-log-segments = Segmentos
debug-log-spares = Segmentos de reserva
debug-log-given-up = Segmentos abandonados
debug-log-cleaned = Segmentos limpiados
debug-log-cleaned-bytes = Reescrito al limpiar
debug-log-cleaned-at = Última limpieza
debug-flushes = Escrituras del registro
debug-turns = Turnos del motor
debug-spread-at = hasta { $time }: { $n }
debug-spread-words = Cuántos de los { $n } duraron cuánto
debug-since = Desde el arranque
debug-accepted = Trabajos aceptados
debug-repushed = Envíos respondidos como repetidos
debug-scheduled = Programados puestos en cola
debug-retries = Reintentos puestos en cola
debug-reaped = Reservas vencidas
debug-workers-lost = Workers perdidos
debug-jobs-lost = Trabajos recuperados de workers perdidos
debug-released = Trabajos liberados a mano
debug-stale = ACK y FAIL sin efecto
debug-undelivered = Entregas que no llegaron a nadie
debug-dead-dropped = Trabajos expulsados de los muertos
debug-expired = Trabajos descartados por haber caducado
debug-unique-locks = Claves únicas tomadas
debug-unique-denied = Envíos rechazados por no ser únicos
debug-rejected = Entradas rechazadas
debug-rejected-none = No se rechazó nada.

# The audit log: who has changed what
audit-title = Auditoría
audit-means = Cada cambio hecho por una página, por la API o por el puerto de trabajos, el más reciente primero. Se guardan los últimos 10 000.
audit-export = Guardar todo como líneas JSON
audit-find = Buscar
audit-find-go = Buscar
audit-all = Mostrar todos
audit-empty = Nadie ha cambiado nada.
audit-at = Cuándo
audit-who = Quién
audit-action = Qué
audit-object = De qué
audit-count = Cuántos
audit-older = Anteriores
audit-role-open = abierto
audit-role-admin = administrador
audit-role-viewer = lector
audit-role-token = token
audit-by-page = página
audit-by-api = API
audit-by-port = puerto de trabajos
audit-did-retry = reintentar
audit-did-delete = borrar
audit-did-discard = borrar, recuperable
audit-did-restore = recuperar
audit-did-kill = matar
audit-did-release = liberar
audit-did-move = mover
audit-did-edit = editar
audit-did-clear = vaciar
audit-did-clear-queue = vaciar la cola
audit-did-pause-queue = pausar la cola
audit-did-resume-queue = reanudar la cola
audit-did-remove-queue = quitar la cola
audit-did-cancel-batch = cancelar el lote
audit-did-check-batch = comprobar el lote
audit-did-release-key = liberar la clave
audit-did-set-throttle = poner un límite
audit-did-reset-throttle = restablecer el límite
audit-did-run-cron-entry = ejecutar la entrada cron
audit-did-pause-cron-entry = pausar la entrada cron
audit-did-resume-cron-entry = reanudar la entrada cron
audit-did-wake-worker = despertar el worker
audit-did-quiet-worker = calmar el worker
audit-did-stop-worker = detener el worker
audit-did-create-token = crear un token
audit-did-revoke-token = revocar un token
audit-did-mark = poner una marca

# Tokens: what scripts are let in by. Scopes are words of the API and stay as they are; what they mean stands beside them.
tokens-title = Tokens
tokens-means = Un script que tiene un token puede hacer lo que dicen sus permisos. Lo envía como Authorization: Bearer.
tokens-open = No hay contraseña, así que todos pueden hacerlo todo y nadie pide un token.
tokens-made = Este es el nuevo token. Solo se muestra esta vez: cópielo ahora.
tokens-empty = No hay tokens.
tokens-name = Nombre
tokens-scopes = Permisos
tokens-created = Creado
tokens-used = Último uso
tokens-expires = Caduca
tokens-expired = caducado
tokens-never = nunca
tokens-revoke = Revocar
tokens-new = Nuevo token
tokens-days = Días de validez (vacío: hasta que se revoque)
tokens-create = Crear
tokens-scope-read = verlo todo menos los tokens y la auditoría
tokens-scope-push = enviar trabajos y poner marcas
tokens-scope-operate = actuar sobre trabajos, colas y workers
tokens-scope-admin = todo

# Mover trabajos a otra cola. $to: la cola, $what: qué trabajos
deed-move = Mover
move-title = Mover a otra cola
move-to = A la cola
act-move = Mover trabajos a otra cola
act-move-question = { $n ->
    [one] ¿Mover { $n } trabajo a otra cola?
   *[other] ¿Mover { $n } trabajos a otra cola?
}
act-move-at-least = ¿Mover todos los encontrados a otra cola? Son más de { $n } trabajos.
act-move-means = Los trabajos en espera van al final de esa cola; los fallidos, programados y muertos quedan como están y van allí cuando llegue su hora.
act-move-do = { $n ->
    [one] Mover { $n } trabajo
   *[other] Mover { $n } trabajos
}
work-move-going = Moviendo a { $to } ({ $what }): { $n } hasta ahora
work-move-going-of = Moviendo a { $to } ({ $what }): { $n } de { $of }
work-move-done = { $n ->
    [one] { $n } trabajo movido a { $to } ({ $what })
   *[other] { $n } trabajos movidos a { $to } ({ $what })
}
work-move-cancelled = Detenido; trabajos movidos a { $to }: { $n } ({ $what })
work-move-failed = Falló a medias; trabajos movidos a { $to }: { $n } ({ $what }). El registro del servidor dice por qué.
deed-edit = Editar
act-edit = Editar trabajos y volver a encolarlos
act-edit-question = { $n ->
    [one] ¿Editar { $n } trabajo y ponerlo en su cola?
   *[other] ¿Editar { $n } trabajos y ponerlos en sus colas?
}
act-edit-at-least = ¿Editar todos los encontrados y ponerlos en sus colas? Son más de { $n } trabajos.
act-edit-means = Todos reciben lo que se escribe aquí; lo que queda vacío no cambia en ninguno. Conservan su jid y se procesan en cuanto haya un worker libre.
act-edit-types = Estos trabajos son de varios tipos: los mismos argumentos rara vez sirven para todos.
act-edit-do = { $n ->
    [one] Editar y encolar { $n } trabajo
   *[other] Editar y encolar { $n } trabajos
}
work-edit-going = Editando ({ $what }): { $n } hasta ahora
work-edit-going-of = Editando ({ $what }): { $n } de { $of }
work-edit-done = { $n ->
    [one] { $n } trabajo editado y encolado ({ $what })
   *[other] { $n } trabajos editados y encolados ({ $what })
}
work-edit-cancelled = Detenido; trabajos editados y encolados: { $n } ({ $what })
work-edit-failed = Falló a medias; trabajos editados y encolados: { $n } ({ $what }). El registro del servidor dice por qué.
order-hint = Las listas siguen solo el orden del tiempo: cualquier otro obligaría a leerlas enteras, también con un millón de trabajos. Para ver un tipo o una cola, busque type: o queue:.

# La página que edita un trabajo
edit-link = Editar
edit-title = Editar trabajo
edit-means = El trabajo conserva su jid, su lugar y lo que se sabe de su último fallo. Reintentos permitidos: -1 para ninguno, y queda muerto; 0 para ninguno, y se descarta.
edit-too-long = Los argumentos de este trabajo pasan de 64 KiB y no se pueden editar aquí. La línea de órdenes y la API pueden hacerlo.
edit-save = Guardar
edit-enqueue = Guardar y encolar ahora

# Los lotes, y uno de ellos
batches-all = Todos
batches-states = Estados
batches-empty = Todavía no hay lotes: uno aparece con BATCH NEW.
batches-none = Ningún lote está en este estado.
batches-older = Anteriores
batches-batch = Lote
batches-one = Lote { $bid }
batches-state = Estado
batches-progress = Progreso
batches-failed = Fallidos
batches-created = Creado
batches-state-open = abierto
batches-state-running = en curso
batches-state-failing = fallando
batches-state-succeeded = logrado
batches-state-failed = fallido
batches-state-cancelled = cancelado
batches-parent = parte de
batches-closed-at = se cierra
batches-forgotten-at = se olvida
batches-check = Comprobar
batches-checked-nothing = Comprobado: no había nada que reparar.
batches-checked = Comprobado. Reparaciones: { $n }
batches-cancel = Cancelar
batches-cancel-question = ¿Cancelar el lote { $bid }?
batches-cancel-means = Ya no llega ningún callback. Los miembros en espera se borran, también los de los lotes inferiores; lo que está en curso termina y lo muerto se queda.
batches-waits = Espera
batches-waits-nothing = No llega nada más.
batches-wait-commit = BATCH COMMIT; sin él se olvida.
batches-wait-again = BATCH COMMIT, porque se abrió de nuevo; sin él se cierra.
batches-wait-members = Trabajos que aún no se ejecutaron: { $n }
batches-wait-failing = Trabajos fallidos, por reintentar o muertos: { $n }
batches-wait-children = Lotes inferiores y sus callbacks: { $n }
batches-wait-callback = El callback { $name }, ya enviado
batches-wait-lost = El callback { $name }, cuyo trabajo fue borrado; Comprobar lo envía otra vez.
batches-wait-never = El callback success nunca llega; trabajos que acabaron sin ACK: { $n }
batches-members = Miembros
batches-living = Miembros por hacer
batches-living-none = No queda ningún miembro: todos han terminado.
batches-more = Hay más miembros de los contados aquí.
batches-job = Trabajo
batches-place = Dónde
batches-place-done = hechos
batches-place-gone = desaparecidos sin ACK
batches-place-working = en curso
batches-place-queued = en espera
batches-place-retrying = por reintentar
batches-place-scheduled = programados
batches-place-dead = muertos
batches-place-discarded = descartados
batches-callbacks = Callbacks
batches-call-waits = todavía no
batches-call-pushed = enviado
batches-call-done = hecho
batches-children = Lotes inferiores

# La página de un problema: su título según el estado de HTTP, y lo que más se dice
problem-400 = Petición incomprensible
problem-401 = Hay que identificarse
problem-403 = Prohibido
problem-404 = No encontrado
problem-405 = Método no permitido
problem-408 = Tiempo agotado
problem-409 = Conflicto
problem-413 = Demasiado grande
problem-414 = Dirección demasiado larga
problem-415 = Formato desconocido
problem-421 = Nombre equivocado
problem-422 = No se puede procesar
problem-429 = Demasiadas peticiones
problem-431 = Cabeceras demasiado grandes
problem-500 = Error interno
problem-503 = No disponible por ahora
problem-home = A la página de inicio
problem-status = Estado
problem-internal = Error interno; el registro del servidor dice más
problem-no-page = Esa página no existe
problem-no-password = Hace falta una contraseña
problem-wrong-password = La contraseña no es correcta
problem-viewer = Esta contraseña solo permite leer; un cambio necesita la otra
problem-viewer-admin = Hace falta la contraseña: la de solo lectura no muestra ni tokens ni el registro de auditoría

# Claves únicas: qué trabajo tiene cuál
unique-title = Claves únicas
unique-means = Cada clave la tiene un trabajo. Mientras la tiene, se rechaza el envío de otro trabajo con la misma clave. Al liberar una clave puede entrar el siguiente; el trabajo que la tenía sigue sin ella.
unique-key = Clave
unique-find = Mostrar
unique-all = Mostrar todas
unique-empty = No hay ninguna clave única ocupada.
unique-free = Esta clave está libre.
unique-job = Trabajo
unique-queue = Cola
unique-state = Estado
unique-until = Ocupada hasta
unique-release = Liberar
unique-release-named = Liberar la clave de { $jid }
unique-release-question = ¿Liberar esta clave? Se aceptará el siguiente trabajo con la misma clave, aunque este siga ahí.
unique-success = como máximo: libre cuando el trabajo termina bien
unique-start = como máximo: libre cuando el trabajo empieza
unique-expiry = en cualquier caso
unique-done = Hecho
unique-next = Siguiente

# Throttles: what limits queues
throttles-title = Límite { $queue }
throttles-means = Lo que limita las colas, y quién tiene los puestos. Para los workers, una cola llena es una cola vacía.
throttles-empty = Ninguna cola tiene límites. Se fijan aquí, o con [throttles] en la configuración.
throttles-limits = Límites
throttles-taken = Ocupados
throttles-holders = En manos de
throttles-waiting = En espera
throttles-tokens = Fichas
throttles-concurrency = A la vez: { $n }
throttles-worker = Por worker: { $n }
throttles-rate = Empezados: { $n } en { $time }
throttles-burst = De golpe: { $n }
throttles-none = Sin límite
throttles-full = llena
throttles-set = fijado a mano
throttles-next = el próximo en { $time }
throttles-nobody = ningún worker
throttles-idle = Nadie tiene un puesto.
throttles-slots-of = Puestos ocupados de { $queue }
throttles-configured = La configuración dice: { $limits }
throttles-new = Limitar una cola
throttles-change = Cambiar los límites
throttles-field-concurrency = Trabajos a la vez, todos los workers juntos
throttles-field-worker = Trabajos a la vez, cada worker
throttles-field-rate = Trabajos empezados en cada período
throttles-field-per = El período en segundos (vacío: 1)
throttles-field-burst = Trabajos empezados de golpe (vacío: tantos como en un período)
throttles-save = Fijar
throttles-lift = Quitar todos los límites
throttles-reset = Volver a la configuración

# Cron: jobs that are pushed by the clock
cron-title = Cron
cron-empty = El reloj no encola ningún trabajo: las entradas son tablas [[cron]] de la configuración.
cron-entry = Entrada
cron-schedule = Horario
cron-zone = Zona horaria
cron-job = Trabajo
cron-next = Próxima ejecución
cron-last = Última ejecución
cron-missed = Ejecuciones perdidas
cron-missed-skip = se omiten
cron-missed-once = se recupera la última
cron-missed-all = se recuperan
cron-jitter = Dispersión
cron-jitter-seconds = { $n ->
    [one] hasta { $n } segundo
   *[other] hasta { $n } segundos
}
cron-off = desactivada
cron-paused = en pausa
cron-run = Ejecutar ahora
cron-run-named = Ejecutar ahora: { $id }
cron-pause = Pausar
cron-pause-named = Pausar { $id }
cron-resume = Reanudar
cron-resume-named = Reanudar { $id }
cron-entry-title = Entrada de cron { $id }
cron-runs = Últimas ejecuciones
cron-runs-empty = Todavía no se ha ejecutado.
cron-tick = Momento
cron-outcome = Resultado
cron-ended = Fin
cron-fails = Fallos
cron-by-hand = a mano
cron-at-working = en curso
cron-at-queued = en cola
cron-at-retries = falló, se reintentará
cron-at-scheduled = programado
cron-at-dead = muerto
cron-at-discarded = descartado
cron-ran-pushed = en cola
cron-ran-done = hecho
cron-ran-died = murió
cron-ran-discarded = falló y se descartó
cron-ran-deleted = borrado
cron-ran-expired = caducado
cron-ran-refused = rechazado
cron-ran-missed = { $n ->
    [one] perdida
   *[other] { $n } perdidas
}
cron-ran-paused = { $n ->
    [one] omitida en pausa
   *[other] { $n } omitidas en pausa
}
cron-every-second = { $n ->
    [one] Cada segundo
   *[other] Cada { $n } segundos
}
cron-every-minute = { $n ->
    [one] Cada minuto
   *[other] Cada { $n } minutos
}
cron-every-hour = { $n ->
    [one] Cada hora
   *[other] Cada { $n } horas
}
cron-every-day = { $n ->
    [one] Cada día
   *[other] Cada { $n } días
}
cron-hourly = Cada hora en el minuto { $minute }
cron-times = A las { $times }
cron-weekdays = en { $days }
cron-monthdays = el día { $days } del mes
cron-both = { $time }, { $day }
cron-day-0 = domingo
cron-day-1 = lunes
cron-day-2 = martes
cron-day-3 = miércoles
cron-day-4 = jueves
cron-day-5 = viernes
cron-day-6 = sábado
