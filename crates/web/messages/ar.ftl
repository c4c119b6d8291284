# Every text of the dashboard, in Arabic. One file per language; the format is Project Fluent's (a key, "=", a text; { $n } is
# filled in; a text may depend on a number's plural). Keys start with the page or part that shows them.

language = العربية

# What stands around every page
skip-to-content = انتقل إلى المحتوى
nav-pages = الصفحات
tab-home = الرئيسية
tab-recent = الأخيرة
tab-busy = قيد التنفيذ
tab-queues = الطوابير
tab-batches = الدفعات
tab-throttles = الحدود
tab-retries = الإعادات
tab-scheduled = المجدولة
tab-dead = الميتة
tab-cron = كرون
tab-statistics = الإحصاءات
search-label = البحث في المهام
search-hint = بحث: jid, type:, queue:, error: …
# Whether the page follows what happens by itself
live-live = مباشر
live-paused = متوقف
live-lost = لا جواب
live-hint = إيقاف مؤقت أو متابعة
status-active = نشط
status-idle = خامل
summary-title = الملخص
summary-processed = المعالجة
summary-failures = الفاشلة
summary-busy = قيد التنفيذ
summary-enqueued = في الطوابير
summary-retries = الإعادات
summary-scheduled = المجدولة
summary-dead = الميتة
footer-connections = { $n ->
    [zero] اتصال
    [one] اتصال
    [two] اتصالان
    [few] اتصالات
    [many] اتصالًا
   *[other] اتصال
}
footer-debug = التشخيص
footer-tokens = الرموز
footer-audit = سجل التدقيق
footer-unique = المفاتيح الفريدة
footer-docs = الوثائق
footer-language = اللغة
footer-theme = المظهر
theme-auto = تلقائي
theme-light = فاتح
theme-dark = داكن
# The state of the server, above every page: first what, then what it means.
banner-exposed = لا توجد كلمة مرور،
banner-exposed-more = وأجهزة أخرى تصل إلى هذا الخادم: من يصل إليه يستطيع قراءة كل مهمة وتغييرها وحذفها.
banner-disk-full = القرص ممتلئ،
banner-disk-full-more = وتُرفض المهام الجديدة حتى تتوفر مساحة. العمال مستمرون.
banner-memory-full = الذاكرة قليلة،
banner-memory-full-more = وتُرفض المهام الجديدة حتى تتوفر. العمال مستمرون.
banner-relaxed = المتانة مخففة،
banner-relaxed-more = وقد يذهب انقطاع الكهرباء بما أُجيب عنه في آخر 100 مللي ثانية.

# Lists of jobs: columns, states, and what can be done
jobs-select = تحديد
jobs-select-all = تحديد كل ما في هذه الصفحة
jobs-select-one = تحديد { $jid }
jobs-state = الحالة
jobs-job = المهمة
jobs-queue = الطابور
jobs-arguments = الوسائط
jobs-error = الخطأ
jobs-retries = الإعادات
jobs-when = متى
jobs-next-retry = الإعادة القادمة
jobs-last-retry = آخر إعادة
# When a deleted job can no longer be brought back
jobs-gone-at = تزول نهائيًا
jobs-never = أبدًا
state-working = قيد التنفيذ
state-waiting = في الانتظار
state-retries = الإعادات
state-scheduled = المجدولة
state-dead = الميتة
state-discarded = المحذوفة
# لمهمة واحدة
state-one-working = قيد التنفيذ
state-one-waiting = في الانتظار
state-one-retries = تنتظر الإعادة
state-one-scheduled = مجدولة
state-one-dead = ميتة
state-one-discarded = محذوفة
deed-retry = أعِد الآن
deed-add_to_queue = أضف إلى الطابور
deed-kill = إماتة
deed-delete = حذف
deed-restore = استعادة
deed-kill-selected = نقل المهام المحددة إلى الميتة؟
deed-delete-selected = حذف المهام المحددة؟
pager-first = « الأولى
pager-next = التالية ›

# Retries, Scheduled, Dead
set-retries-empty = لا مهمة فاشلة تنتظر محاولة أخرى.
set-scheduled-empty = لا مهمة مجدولة لوقت لاحق.
set-dead-empty = لا مهمة استنفدت إعاداتها.
set-discarded-empty = لا مهمة محذوفة يمكن استعادتها.
set-act-on-all = الكل ({ $total }):

# The search: its page and the box on other pages. Names of fields (type:, queue: …) are the same in every language
search-title = البحث
search-jobs = البحث في هذه المهام
search-jobs-hint = type:Mail* error:timeout age>2h
search-find = بحث
search-found = { $n ->
    [zero] لا توجد مهمة مطابقة
    [one] النتيجة: مهمة واحدة
    [two] النتيجة: مهمتان
    [few] النتيجة: { $n } مهام
    [many] النتيجة: { $n } مهمة
   *[other] النتيجة: { $n } مهمة
}
search-found-so-far = { $n ->
    [zero] حتى الآن: { $n } مهمة
    [one] حتى الآن: مهمة واحدة
    [two] حتى الآن: مهمتان
    [few] حتى الآن: { $n } مهام
    [many] حتى الآن: { $n } مهمة
   *[other] حتى الآن: { $n } مهمة
}
search-go-on = متابعة البحث
search-nothing = لا توجد مهمة مطابقة. المهام المنتهية لا تُحفظ؛ صفحة «الأخيرة» تعرض آخرها.
search-empty = ابحث عن المهام في كل حالة: في الانتظار، قيد التنفيذ، للإعادة، مجدولة، ميتة.
search-all = { $n ->
    [zero] المطابقة ({ $n } مهمة):
    [one] المطابقة (مهمة واحدة):
    [two] المطابقة (مهمتان):
    [few] المطابقة ({ $n } مهام):
    [many] المطابقة ({ $n } مهمة):
   *[other] المطابقة ({ $n } مهمة):
}
search-all-uncounted = كل المطابقة:
search-pages = صفحات البحث
search-wrong = { $what } (عند الحرف { $place })
search-syntax = ما الذي يمكن البحث عنه
search-syntax-terms = تُفصل العبارات بمسافات، وعلى المهمة أن تحققها كلها؛ وتكرار type أو queue أو jid أو state يعني أيًّا منها، وكذلك الفواصل (,) في type: و queue: و state:. تعني * أي نص، وتجمع علامات الاقتباس الكلمات بمسافاتها، ولا فرق بين الأحرف الكبيرة والصغيرة. الكلمة وحدها يُبحث عنها في النوع و jid والخطأ والوسائط.
search-syntax-fields = تُقارن type: queue: jid: كاملة؛ ويُبحث عن error: و arg: في أي موضع من النص؛ و state: هي working أو waiting أو retries أو scheduled أو dead؛ وتأخذ age> و age< قيمًا مثل 90s أو 15m أو 2h أو 7d أو 4w، محسوبة منذ دخول المهمة طابورها أو فشلها الأول؛ وتأخذ retries> و retries< عددًا.

# The question before something is done to many jobs
act-retry = إعادة مهام الآن
act-kill = إماتة مهام
act-delete = حذف مهام
act-retry-question = { $n ->
    [zero] وضع { $n } مهمة في الطابور الآن؟
    [one] وضع مهمة واحدة في الطابور الآن؟
    [two] وضع مهمتين في الطابور الآن؟
    [few] وضع { $n } مهام في الطابور الآن؟
    [many] وضع { $n } مهمة في الطابور الآن؟
   *[other] وضع { $n } مهمة في الطابور الآن؟
}
act-kill-question = { $n ->
    [zero] نقل { $n } مهمة إلى الميتة؟
    [one] نقل مهمة واحدة إلى الميتة؟
    [two] نقل مهمتين إلى الميتة؟
    [few] نقل { $n } مهام إلى الميتة؟
    [many] نقل { $n } مهمة إلى الميتة؟
   *[other] نقل { $n } مهمة إلى الميتة؟
}
act-delete-question = { $n ->
    [zero] حذف { $n } مهمة؟
    [one] حذف مهمة واحدة؟
    [two] حذف مهمتين؟
    [few] حذف { $n } مهام؟
    [many] حذف { $n } مهمة؟
   *[other] حذف { $n } مهمة؟
}
act-retry-at-least = وضع كل المطابقة في طوابيرها الآن؟ عددها أكثر من { $n }.
act-kill-at-least = نقل كل المطابقة إلى الميتة؟ عددها أكثر من { $n }.
act-delete-at-least = حذف كل المطابقة؟ عددها أكثر من { $n }.
act-retry-means = تُنفذ حالما يتفرغ عامل، دون انتظار موعدها.
act-kill-means = المهام الميتة لا تُعاد من تلقاء نفسها؛ ويمكن إعادتها من صفحة «الميتة».
act-delete-means = يمكن استعادة المهام المحذوفة خلال دقيقة؛ ثم تزول نهائيًا.
act-working = لا تُمس المهام التي قيد التنفيذ، ولا التي تأتي من الآن فصاعدًا.
act-whole-list = كل مهمة في هذه القائمة.
act-search = المهام المطابقة لـ
act-more = { $n ->
    [zero] و{ $n } مهمة أخرى
    [one] ومهمة أخرى
    [two] ومهمتان أخرى
    [few] و{ $n } مهام أخرى
    [many] و{ $n } مهمة أخرى
   *[other] و{ $n } مهمة أخرى
}
act-pushed-out = { $n ->
    [zero] تتسع قائمة الميتة لعدد { $most }: سيُزاح منها الأقدم، { $n } مهمة، ويضيع.
    [one] تتسع قائمة الميتة لعدد { $most }: سيُزاح منها الأقدم، مهمة واحدة، ويضيع.
    [two] تتسع قائمة الميتة لعدد { $most }: سيُزاح منها الأقدم، مهمتان، ويضيع.
    [few] تتسع قائمة الميتة لعدد { $most }: سيُزاح منها الأقدم، { $n } مهام، ويضيع.
    [many] تتسع قائمة الميتة لعدد { $most }: سيُزاح منها الأقدم، { $n } مهمة، ويضيع.
   *[other] تتسع قائمة الميتة لعدد { $most }: سيُزاح منها الأقدم، { $n } مهمة، ويضيع.
}
act-grown = لم يحدث شيء: كان العدد { $n }، والآن صار المطابق أكثر. هذا هو العدد الحالي.
act-type = للتأكيد، اكتب عدد المهام، { $n }:
act-retry-do = { $n ->
    [zero] إعادة { $n } مهمة
    [one] إعادة مهمة واحدة
    [two] إعادة مهمتين
    [few] إعادة { $n } مهام
    [many] إعادة { $n } مهمة
   *[other] إعادة { $n } مهمة
}
act-kill-do = { $n ->
    [zero] إماتة { $n } مهمة
    [one] إماتة مهمة واحدة
    [two] إماتة مهمتين
    [few] إماتة { $n } مهام
    [many] إماتة { $n } مهمة
   *[other] إماتة { $n } مهمة
}
act-delete-do = { $n ->
    [zero] حذف { $n } مهمة
    [one] حذف مهمة واحدة
    [two] حذف مهمتين
    [few] حذف { $n } مهام
    [many] حذف { $n } مهمة
   *[other] حذف { $n } مهمة
}
act-back = رجوع

# What is being done to many jobs, on every page. $what: which jobs
work-everywhere = كل المهام
work-progress = التقدم
work-cancel = إيقاف
work-dismiss = إغلاق
work-undo = تراجع
works-title = ما جرى على المهام
works-none = لم يجرِ شيء على مهام كثيرة مؤخرًا.
work-undone = { $n ->
    [zero] تمت استعادة { $n } مهمة
    [one] تمت استعادة مهمة واحدة
    [two] تمت استعادة مهمتين
    [few] تمت استعادة { $n } مهام
    [many] تمت استعادة { $n } مهمة
   *[other] تمت استعادة { $n } مهمة
}
work-retry-going = تجري الإعادة ({ $what }): { $n } حتى الآن
work-retry-going-of = تجري الإعادة ({ $what }): { $n } من { $of }
work-retry-done = { $n ->
    [zero] تمت إعادة { $n } مهمة ({ $what })
    [one] تمت إعادة مهمة واحدة ({ $what })
    [two] تمت إعادة مهمتين ({ $what })
    [few] تمت إعادة { $n } مهام ({ $what })
    [many] تمت إعادة { $n } مهمة ({ $what })
   *[other] تمت إعادة { $n } مهمة ({ $what })
}
work-retry-cancelled = توقفت؛ عدد المهام المعادة { $n } ({ $what })
work-retry-failed = فشلت في منتصف الطريق؛ عدد المهام المعادة { $n } ({ $what }). السبب في سجل الخادم.
work-kill-going = تجري الإماتة ({ $what }): { $n } حتى الآن
work-kill-going-of = تجري الإماتة ({ $what }): { $n } من { $of }
work-kill-done = { $n ->
    [zero] تمت إماتة { $n } مهمة ({ $what })
    [one] تمت إماتة مهمة واحدة ({ $what })
    [two] تمت إماتة مهمتين ({ $what })
    [few] تمت إماتة { $n } مهام ({ $what })
    [many] تمت إماتة { $n } مهمة ({ $what })
   *[other] تمت إماتة { $n } مهمة ({ $what })
}
work-kill-cancelled = توقفت؛ عدد المهام المُماتة { $n } ({ $what })
work-kill-failed = فشلت في منتصف الطريق؛ عدد المهام المُماتة { $n } ({ $what }). السبب في سجل الخادم.
work-delete-going = يجري الحذف ({ $what }): { $n } حتى الآن
work-delete-going-of = يجري الحذف ({ $what }): { $n } من { $of }
work-delete-done = { $n ->
    [zero] تم حذف { $n } مهمة ({ $what })
    [one] تم حذف مهمة واحدة ({ $what })
    [two] تم حذف مهمتين ({ $what })
    [few] تم حذف { $n } مهام ({ $what })
    [many] تم حذف { $n } مهمة ({ $what })
   *[other] تم حذف { $n } مهمة ({ $what })
}
work-delete-cancelled = توقف؛ عدد المهام المحذوفة { $n } ({ $what })
work-delete-failed = فشل في منتصف الطريق؛ عدد المهام المحذوفة { $n } ({ $what }). السبب في سجل الخادم.

# One queue
queue-title = الطابور { $name }

# The page Recent: the last jobs that a worker had in its hands, one line each
recent-title = الأخيرة
# A box for the id of a job; the button leads to the job, wherever it is
recent-find = أين هي الآن؟
recent-find-go = ابحث
# "jid" is the name that clients use for the id of a job
recent-jid = jid
recent-job = المهمة
recent-type = النوع
recent-queue = الطابور
recent-worker = العامل
# How long the job ran, and how long it had waited in its queue
recent-ran = التنفيذ
recent-waited = الانتظار
recent-outcome = النتيجة
recent-when = متى
recent-any = أي
recent-filter = تصفية
recent-all = عرض الكل
# Stands in place of the jid where no worker reported the end
recent-no-jid = بلا تقرير
recent-empty = لم تُنفذ أي مهمة منذ بدء الخادم.
recent-none = لا شيء من آخر 1000 مهمة مطابق.
# $jid: what was looked for
recent-sought = لا توجد في المخزن مهمة لها jid { $jid }: إما انتهت أو لم تكن قط. وما عُرف عنها مؤخرًا في الأسفل.
recent-unknown = لا توجد مهمة بالمعرّف { $jid }: إما انتهت منذ مدة أو لم توجد قط. وليست بين آخر 1,000 مهمة.

# How somebody's work on a job ended
outcome-done = تمت
outcome-failed = فشلت
outcome-died = ماتت
outcome-discarded = أُسقطت
outcome-expired = انتهى حجزها
outcome-lost = فُقد العامل
outcome-released = حُررت
outcome-overdue = لم تُنفذ في وقتها

# The page Statistics, and the pages of one job type or queue
statistics-title = الإحصاءات
statistics-span = المدة
span-1h = ساعة
span-24h = 24 ساعة
span-7d = 7 أيام
span-30d = 30 يومًا
statistics-types = أنواع المهام
statistics-queues = الطوابير
statistics-type = النوع
statistics-queue = الطابور
# Titles of the pages of one: $name is the type or queue
statistics-of-type = إحصاءات النوع { $name }
statistics-of-queue = إحصاءات الطابور { $name }
# A link to the jobs of this type or queue
statistics-jobs = مهامه
statistics-sums = في هذه المدة
statistics-name = الاسم
statistics-count = المعالجة
statistics-good = الناجحة
statistics-failed = الفاشلة
statistics-lost = فُقدت مع عاملها
# How long jobs ran, and how long they had waited in their queue
statistics-run = زمن التنفيذ
statistics-wait = زمن الانتظار
statistics-run-said = زمن التنفيذ في ثلاثة منحنيات: الوسيط والمئين 95 والمئين 99. الجدول أدناه يقول الشيء نفسه.
statistics-wait-said = زمن الانتظار في ثلاثة منحنيات: الوسيط والمئين 95 والمئين 99. الجدول أدناه يقول الشيء نفسه.
# Heading of the small drawing in each row: how many there were over time
statistics-course = عبر الزمن
# The row of all those that have no row of their own
statistics-other = كل ما سواها
statistics-empty = لم ينتهِ شيء في هذه المدة.
statistics-throughput = الإنتاجية
# $processed in all, $failed of them failed; $from and $to are times
statistics-said = { $processed } معالجة و{ $failed } فاشلة من { $from } إلى { $to }
# One bar of the chart: $at is a time
statistics-at = { $at }: { $processed } معالجة، { $failed } فاشلة
# Marks are moments with a name, set by people and scripts, for example at a deployment
statistics-marks = العلامات
statistics-mark = ضع علامة على هذه اللحظة، مثلًا لنشر جديد
statistics-set-mark = ضع علامة
statistics-no-marks = لا علامة في هذه المدة.
statistics-table = الأرقام في جدول
statistics-when = من
# How far away a moment is, and how long something takes
moment-now = الآن
moment-invalid = وقت غير صالح
moment-ago-second = { $n ->
    [zero] قبل { $n } ثانية
    [one] قبل ثانية واحدة
    [two] قبل ثانيتين
    [few] قبل { $n } ثوانٍ
    [many] قبل { $n } ثانية
   *[other] قبل { $n } ثانية
}
moment-ago-minute = { $n ->
    [zero] قبل { $n } دقيقة
    [one] قبل دقيقة واحدة
    [two] قبل دقيقتين
    [few] قبل { $n } دقائق
    [many] قبل { $n } دقيقة
   *[other] قبل { $n } دقيقة
}
moment-ago-hour = { $n ->
    [zero] قبل { $n } ساعة
    [one] قبل ساعة واحدة
    [two] قبل ساعتين
    [few] قبل { $n } ساعات
    [many] قبل { $n } ساعة
   *[other] قبل { $n } ساعة
}
moment-ago-day = { $n ->
    [zero] قبل { $n } يوم
    [one] قبل يوم واحد
    [two] قبل يومين
    [few] قبل { $n } أيام
    [many] قبل { $n } يومًا
   *[other] قبل { $n } يوم
}
moment-ago-month = { $n ->
    [zero] قبل { $n } شهر
    [one] قبل شهر واحد
    [two] قبل شهرين
    [few] قبل { $n } أشهر
    [many] قبل { $n } شهرًا
   *[other] قبل { $n } شهر
}
moment-ago-year = { $n ->
    [zero] قبل { $n } سنة
    [one] قبل سنة واحدة
    [two] قبل سنتين
    [few] قبل { $n } سنوات
    [many] قبل { $n } سنة
   *[other] قبل { $n } سنة
}
moment-ahead-second = { $n ->
    [zero] بعد { $n } ثانية
    [one] بعد ثانية واحدة
    [two] بعد ثانيتين
    [few] بعد { $n } ثوانٍ
    [many] بعد { $n } ثانية
   *[other] بعد { $n } ثانية
}
moment-ahead-minute = { $n ->
    [zero] بعد { $n } دقيقة
    [one] بعد دقيقة واحدة
    [two] بعد دقيقتين
    [few] بعد { $n } دقائق
    [many] بعد { $n } دقيقة
   *[other] بعد { $n } دقيقة
}
moment-ahead-hour = { $n ->
    [zero] بعد { $n } ساعة
    [one] بعد ساعة واحدة
    [two] بعد ساعتين
    [few] بعد { $n } ساعات
    [many] بعد { $n } ساعة
   *[other] بعد { $n } ساعة
}
moment-ahead-day = { $n ->
    [zero] بعد { $n } يوم
    [one] بعد يوم واحد
    [two] بعد يومين
    [few] بعد { $n } أيام
    [many] بعد { $n } يومًا
   *[other] بعد { $n } يوم
}
moment-ahead-month = { $n ->
    [zero] بعد { $n } شهر
    [one] بعد شهر واحد
    [two] بعد شهرين
    [few] بعد { $n } أشهر
    [many] بعد { $n } شهرًا
   *[other] بعد { $n } شهر
}
moment-ahead-year = { $n ->
    [zero] بعد { $n } سنة
    [one] بعد سنة واحدة
    [two] بعد سنتين
    [few] بعد { $n } سنوات
    [many] بعد { $n } سنة
   *[other] بعد { $n } سنة
}
moment-span-second = { $n ->
    [zero] { $n } ثانية
    [one] ثانية واحدة
    [two] ثانيتين
    [few] { $n } ثوانٍ
    [many] { $n } ثانية
   *[other] { $n } ثانية
}
moment-span-minute = { $n ->
    [zero] { $n } دقيقة
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $n } دقائق
    [many] { $n } دقيقة
   *[other] { $n } دقيقة
}
moment-span-hour = { $n ->
    [zero] { $n } ساعة
    [one] ساعة واحدة
    [two] ساعتين
    [few] { $n } ساعات
    [many] { $n } ساعة
   *[other] { $n } ساعة
}
moment-span-day = { $n ->
    [zero] { $n } يوم
    [one] يوم واحد
    [two] يومين
    [few] { $n } أيام
    [many] { $n } يومًا
   *[other] { $n } يوم
}
moment-span-month = { $n ->
    [zero] { $n } شهر
    [one] شهر واحد
    [two] شهرين
    [few] { $n } أشهر
    [many] { $n } شهرًا
   *[other] { $n } شهر
}
moment-span-year = { $n ->
    [zero] { $n } سنة
    [one] سنة واحدة
    [two] سنتين
    [few] { $n } سنوات
    [many] { $n } سنة
   *[other] { $n } سنة
}

# The links between the pages of a list
pager-jobs = صفحات المهام
pager-queues = صفحات الطوابير
pager-processes = صفحات العمليات
pager-range = { $from }–{ $to } من { $total }
pager-none = لا توجد صفحة { $page }
pager-previous = ‹ السابقة
pager-last = الأخيرة »

# Home
home-throughput = الإنتاجية
home-throughput-words = المحاولات الناجحة والفاشلة في الثانية خلال آخر عشر دقائق
home-done = تمت
home-every = كل
home-latency = زمن الاستجابة
home-latency-words = زمن التنفيذ وزمن الانتظار، المئين 95، خلال آخر عشر دقائق
# The 95th percentile of how long jobs ran, and of how long they had waited
home-run = التنفيذ، p95
home-wait = الانتظار، p95
home-pulse-at = { $time }: ‏{ $done }/s تمت، { $failed }/s فشلت، التنفيذ { $run }، الانتظار { $wait }
home-pulse-unknown = { $time }: لا شيء معروف
home-history = التاريخ
home-history-length = طول التاريخ
home-history-day = { $date }: { $processed } معالجة، { $failed } فاشلة
home-history-words = { $processed } معالجة و{ $failed } فاشلة من { $since } إلى { $until }
home-days = { $n ->
    [zero] { $n } يوم
    [one] يوم واحد
    [two] يومين
    [few] { $n } أيام
    [many] { $n } يومًا
   *[other] { $n } يوم
}
home-failed = فشلت
home-attention = يحتاج إلى انتباه
home-attention-none = لا شيء: لا طابور متأخر، ولا مهمة ميتة.
home-no-workers = { $n ->
    [zero] في الانتظار { $n } مهمة، ولا يوجد عامل متصل
    [one] في الانتظار مهمة واحدة، ولا يوجد عامل متصل
    [two] في الانتظار مهمتان، ولا يوجد عامل متصل
    [few] في الانتظار { $n } مهام، ولا يوجد عامل متصل
    [many] في الانتظار { $n } مهمة، ولا يوجد عامل متصل
   *[other] في الانتظار { $n } مهمة، ولا يوجد عامل متصل
}
# The next job of this queue has waited for long; how long stands beside it.
home-queue-late = الطابور { $queue } متأخر
home-queue-paused = الطابور { $queue } متوقف
home-waiting = { $n ->
    [zero] في الانتظار { $n } مهمة
    [one] في الانتظار مهمة واحدة
    [two] في الانتظار مهمتان
    [few] في الانتظار { $n } مهام
    [many] في الانتظار { $n } مهمة
   *[other] في الانتظار { $n } مهمة
}
home-dead = { $n ->
    [zero] { $n } مهمة ميتة
    [one] مهمة ميتة واحدة
    [two] مهمتان ميتتان
    [few] { $n } مهام ميتة
    [many] { $n } مهمة ميتة
   *[other] { $n } مهمة ميتة
}
home-quiet = { $n ->
    [zero] لم يعد يأخذ مهام: { $n } عامل
    [one] لم يعد يأخذ مهام: عامل واحد
    [two] لم يعد يأخذ مهام: عاملان
    [few] لم يعد يأخذ مهام: { $n } عمال
    [many] لم يعد يأخذ مهام: { $n } عاملًا
   *[other] لم يعد يأخذ مهام: { $n } عامل
}
home-retries = { $n ->
    [zero] فشلت وستعاد: { $n } مهمة
    [one] فشلت وستعاد: مهمة واحدة
    [two] فشلت وستعاد: مهمتان
    [few] فشلت وستعاد: { $n } مهام
    [many] فشلت وستعاد: { $n } مهمة
   *[other] فشلت وستعاد: { $n } مهمة
}
home-queues = الطوابير
home-share = طول { $queue } بالقياس إلى أطول طابور
home-more-queues = { $n ->
    [zero] { $n } طابور آخر
    [one] طابور آخر
    [two] طابوران آخران
    [few] { $n } طوابير أخرى
    [many] { $n } طابورًا آخر
   *[other] { $n } طابور آخر
}
home-server = الخادم
home-version = الإصدار
home-uptime = يعمل منذ
home-connections = الاتصالات
home-memory = الذاكرة
home-commands = الأوامر

# Lists of jobs, on several pages
# Followed by a number
jobs-selected = المحدد:
actions = الإجراءات

# The page that asks before something is done
confirm-type = اكتب { $name } للمتابعة
confirm-back = لا تفعل شيئًا

# Busy. A worker process that is quiet finishes what it has and fetches no more.
busy-processes = العمليات
busy-process = العملية
busy-queues = تطلب من
busy-more-queues = و{ $n } غيرها
busy-started = البدء
busy-beat = آخر نبضة
busy-connections = الاتصالات
busy-memory = الذاكرة
busy-busy = قيد التنفيذ
busy-no-processes = لا يوجد عامل متصل.
busy-stage-quiet = مُهدأ
busy-stage-terminate = في طور الإنهاء
busy-quiet = تهدئة
busy-quiet-named = تهدئة { $host }
busy-quiet-all = تهدئة الكل
busy-quiet-all-question = تهدئة كل العمال؟ يُنهون ما لديهم ولا يأخذون المزيد.
busy-stop = إيقاف
busy-stop-named = إيقاف { $host }
busy-stop-all = إيقاف الكل
busy-stop-question = إيقاف { $host }؟
busy-stop-all-question = { $n ->
    [zero] إيقاف العمال الـ{ $n } كلهم؟
    [one] إيقاف العامل الوحيد؟
    [two] إيقاف العاملين كليهما؟
    [few] إيقاف العمال الـ{ $n } كلهم؟
    [many] إيقاف العمال الـ{ $n } كلهم؟
   *[other] إيقاف العمال الـ{ $n } كلهم؟
}
busy-stop-jobs = { $n ->
    [zero] لا مهمة قيد التنفيذ هناك.
    [one] قيد التنفيذ هناك: مهمة واحدة.
    [two] قيد التنفيذ هناك: مهمتان.
    [few] قيد التنفيذ هناك: { $n } مهام.
    [many] قيد التنفيذ هناك: { $n } مهمة.
   *[other] قيد التنفيذ هناك: { $n } مهمة.
}
busy-stop-means = يعلم العامل بذلك عند نبضته القادمة، فيكف عن أخذ المهام وينتهي بانتهاء مهامه. والمهمة التي لا تنتهي في وقتها تُعطى لعامل آخر.
busy-jobs = المهام
busy-no-jobs = لا مهمة قيد التنفيذ.
busy-runs = تعمل منذ
busy-release = تحرير
busy-release-named = تحرير { $jid }
busy-release-question = إعطاء هذه المهمة لعامل آخر؟ تعود إلى رأس طابورها، وما يقوله عاملها عنها بعد ذلك لا يُحسب.
busy-runs-of = من حجزها البالغ { $time }

# How far a job says that it is (TRACK SET), on Busy and on its page

progress-title = التقدم
# $percent: 0 to 100
progress-percent = { $percent }٪

# Queues, and one queue
queues-empty = لا طابور بعد: يظهر الطابور مع أول مهمة له.
queues-name = الطابور
queues-size = الحجم
queues-oldest = الأقدم
queues-working = قيد التنفيذ
# Jobs a second that come to the queue and leave it
queues-in = الداخل
queues-out = الخارج
queues-paused = متوقف
queues-pause = إيقاف مؤقت
queues-pause-named = إيقاف مؤقت: { $queue }
queues-resume = استئناف
queues-resume-named = استئناف { $queue }
queues-clear = تفريغ
queues-clear-named = تفريغ { $queue }
queue-oldest = المهمة التالية تنتظر منذ { $time }
queue-empty = لا مهمة تنتظر هنا.
queue-enqueued = دخلت الطابور
queue-kill = إماتة
queue-kill-question = نقل المهام المحددة إلى الميتة؟
queue-delete = حذف
queue-delete-question = حذف المهام المحددة؟
queue-clear-question = تفريغ الطابور { $queue }؟
queue-clear-means = { $n ->
    [zero] لا مهمة تنتظر فيه.
    [one] ستُحذف نهائيًا مهمة واحدة تنتظر فيه. وما هو قيد التنفيذ يستمر.
    [two] ستُحذف نهائيًا مهمتان تنتظر فيه. وما هو قيد التنفيذ يستمر.
    [few] ستُحذف نهائيًا { $n } مهام تنتظر فيه. وما هو قيد التنفيذ يستمر.
    [many] ستُحذف نهائيًا { $n } مهمة تنتظر فيه. وما هو قيد التنفيذ يستمر.
   *[other] ستُحذف نهائيًا { $n } مهمة تنتظر فيه. وما هو قيد التنفيذ يستمر.
}

# A job
job-more = المهام التي لها هذا jid أكثر مما يظهر هنا.
job-state = الحالة
job-queued = تنتظر في طابورها
job-scheduled = مجدولة
job-retrying = تنتظر إعادتها القادمة
job-dead = ميتة
job-working = قيد التنفيذ
job-ended = لم تعد هذه المهمة هنا.
job-ended-known = هكذا انتهت آخر محاولاتها:
job-ended-unknown = لم يعد معروفًا ما آلت إليه؛ تُحفظ آخر 1,000 مهمة فقط.
job-discarded = محذوفة
job-retry = أعِد الآن
job-enqueue = أضف إلى الطابور
job-delete = حذف
job-delete-question = حذف هذه المهمة؟
job-kill = إماتة
job-kill-question = نقل هذه المهمة إلى الميتة؟
job-failure = آخر فشل
job-error = الخطأ
job-trace = تتبع المكدس
job-no-trace = لم يرسل العامل تتبع المكدس.
job-contents = المحتوى
job-custom = بيانات خاصة
job-download = تنزيل المهمة كاملة
job-cut = يُعرض { $shown } من { $whole }؛ والتنزيل يحوي الكل.
# What happened when; a moment stands behind each: "created 3 minutes ago"
job-step-created = أُنشئت
job-step-asked = طُلب تنفيذها
job-step-enqueued = دخلت الطابور
job-step-not-enqueued = لم تدخل الطابور بعد
job-step-waits = تنتظر عاملًا
job-step-failed = { $n ->
    [zero] فشلت { $n } مرة
    [one] فشلت مرة واحدة
    [two] فشلت مرتين
    [few] فشلت { $n } مرات
    [many] فشلت { $n } مرة
   *[other] فشلت { $n } مرة
}
job-step-first-failure = أول مرة
job-step-started = بدأت
job-step-reserved = محجوزة حتى
job-step-runs = تعمل
job-step-retry = الإعادة القادمة
job-step-kept = تُحفظ حتى
job-step-expires = تنتهي مهلتها
job-step-expired = انتهت مهلتها
job-no-wid = عميل بلا wid
job-facts = أرقام
job-jid = Jid
job-retry-count = عدد الإعادات
job-remaining = الإعادات الباقية
job-retries = الإعادات المسموحة
job-retries-die = لا شيء، ثم تموت
job-retries-discard = لا شيء، ثم تُسقط
job-reserve-for = محجوزة لمدة
job-size = الحجم
job-bytes = { $n ->
    [zero] { $n } بايت
    [one] بايت واحد
    [two] بايتان
    [few] { $n } بايتات
    [many] { $n } بايتًا
   *[other] { $n } بايت
}

# Debug
debug-yes = نعم
debug-no = لا
debug-server = الخادم
debug-version = الإصدار
debug-compatible = متوافق مع Faktory
debug-environment = البيئة
debug-binding = الأوامر على
debug-base-path = المسار الأساسي
debug-uptime = يعمل منذ
debug-connections = الاتصالات
debug-commands = الأوامر
debug-memory = الذاكرة
debug-memory-full = الذاكرة ممتلئة
debug-reloads-refused = عمليات إعادة تحميل مرفوضة
debug-certificate = الشهادة صالحة حتى
debug-password = كلمة المرور موجودة
debug-exposed = مفتوح للآخرين بلا كلمة مرور
debug-missed = أحداث فاتت الإحصاءات
debug-store = المخزن
debug-data = دليل البيانات
debug-durability = المتانة
debug-disk-full = القرص ممتلئ
debug-disk-free = المساحة على القرص
debug-answer = جواب المحرك
debug-log = سجل المخزن
debug-log-length = الطول
debug-log-live = الحي منه تقريبًا
debug-log-disk = على القرص مع الاحتياطي
debug-log-segments = المقاطع
debug-log-spares = مقاطع احتياطية
debug-log-given-up = مقاطع متروكة
debug-log-cleaned = مقاطع منظفة
debug-log-cleaned-bytes = أُعيدت كتابته عند التنظيف
debug-log-cleaned-at = آخر تنظيف
debug-flushes = عمليات كتابة السجل
debug-turns = دورات المحرك
debug-spread-at = حتى { $time }: { $n }
debug-spread-words = كم من { $n } استغرق كم من الوقت
debug-since = منذ البدء
debug-accepted = المهام المقبولة
debug-repushed = إرسالات أُجيبت كمكررة
debug-scheduled = مجدولة دخلت الطابور
debug-retries = إعادات دخلت الطابور
debug-reaped = حجوزات انتهت مدتها
debug-workers-lost = العمال المفقودون
debug-jobs-lost = مهام استُرجعت من عمال مفقودين
debug-released = مهام حررها المشغلون
debug-stale = ACK و FAIL بلا أثر
debug-undelivered = تسليمات لم تصل إلى أحد
debug-dead-dropped = مهام أُزيحت من الميتة
debug-expired = مهام أُسقطت لانتهاء وقتها
debug-unique-locks = مفاتيح فريدة أُخذت
debug-unique-denied = عمليات دفع رُفضت لأنها غير فريدة
debug-rejected = مدخلات مرفوضة
debug-rejected-none = لم يُرفض شيء.

# The audit log: who has changed what
audit-title = سجل التدقيق
audit-means = كل تغيير جرى عبر صفحة أو عبر الواجهة البرمجية أو عبر منفذ المهام، الأحدث أولًا. تُحفظ آخر 10000.
audit-export = حفظ الكل كأسطر JSON
audit-find = بحث
audit-find-go = ابحث
audit-all = عرض الكل
audit-empty = لم يغيّر أحد شيئًا.
audit-at = متى
audit-who = من
audit-action = ماذا
audit-object = على ماذا
audit-count = كم
audit-older = الأقدم
audit-role-open = مفتوح
audit-role-admin = مدير
audit-role-viewer = قارئ
audit-role-token = رمز
audit-by-page = صفحة
audit-by-api = API
audit-by-port = منفذ المهام
audit-did-retry = إعادة
audit-did-delete = حذف
audit-did-discard = حذف يمكن استعادته
audit-did-restore = استعادة
audit-did-kill = إماتة
audit-did-release = تحرير
audit-did-move = نقل
audit-did-edit = تعديل
audit-did-clear = تفريغ
audit-did-clear-queue = تفريغ طابور
audit-did-pause-queue = إيقاف طابور مؤقتًا
audit-did-resume-queue = استئناف طابور
audit-did-remove-queue = إزالة طابور
audit-did-cancel-batch = إلغاء دفعة
audit-did-check-batch = فحص دفعة
audit-did-release-key = تحرير مفتاح
audit-did-set-throttle = ضبط حد
audit-did-reset-throttle = إرجاع حد
audit-did-run-cron-entry = تشغيل مدخل كرون
audit-did-pause-cron-entry = إيقاف مدخل كرون مؤقتًا
audit-did-resume-cron-entry = استئناف مدخل كرون
audit-did-wake-worker = إيقاظ عامل
audit-did-quiet-worker = تهدئة عامل
audit-did-stop-worker = إيقاف عامل
audit-did-create-token = إنشاء رمز
audit-did-revoke-token = سحب رمز
audit-did-mark = وضع علامة

# Tokens: what scripts are let in by. Scopes are words of the API and stay as they are; what they mean stands beside them.
tokens-title = الرموز
tokens-means = البرنامج الذي يحمل رمزًا يفعل ما تسمح به صلاحياته. ويرسله هكذا: Authorization: Bearer.
tokens-open = لا توجد كلمة مرور، فلكل أحد أن يفعل كل شيء ولا يُطلب رمز.
tokens-made = هذا هو الرمز الجديد. يظهر هذه المرة فقط: انسخه الآن.
tokens-empty = لا توجد رموز.
tokens-name = الاسم
tokens-scopes = الصلاحيات
tokens-created = أُنشئ
tokens-used = آخر استعمال
tokens-expires = ينتهي
tokens-expired = منتهٍ
tokens-never = أبدًا
tokens-revoke = سحب
tokens-new = رمز جديد
tokens-days = أيام الصلاحية (فارغ: حتى يُلغى)
tokens-create = إنشاء
tokens-scope-read = رؤية كل شيء عدا الرموز وسجل التدقيق
tokens-scope-push = إرسال المهام ووضع العلامات
tokens-scope-operate = التصرف في المهام والطوابير والعمال
tokens-scope-admin = كل شيء

# نقل المهام إلى طابور آخر. $to: الطابور، $what: أي المهام
deed-move = نقل
move-title = نقل إلى طابور آخر
move-to = إلى الطابور
act-move = نقل المهام إلى طابور آخر
act-move-question = نقل المهام إلى طابور آخر؟ عددها: { $n }
act-move-at-least = نقل كل المهام المطابقة إلى طابور آخر؟ عددها أكثر من { $n }.
act-move-means = تذهب المهام المنتظرة إلى آخر ذلك الطابور؛ أما الفاشلة والمجدولة والميتة فتبقى كما هي وتذهب إليه حين يأتي وقتها.
act-move-do = نقل المهام ({ $n })
work-move-going = جارٍ النقل إلى { $to } ({ $what }): { $n } حتى الآن
work-move-going-of = جارٍ النقل إلى { $to } ({ $what }): { $n } من { $of }
work-move-done = المهام المنقولة إلى { $to }: { $n } ({ $what })
work-move-cancelled = أُوقف؛ المهام المنقولة إلى { $to }: { $n } ({ $what })
work-move-failed = فشل في منتصف الطريق؛ المهام المنقولة إلى { $to }: { $n } ({ $what }). سجل الخادم يبيّن السبب.
deed-edit = تعديل
act-edit = تعديل المهام وإعادتها إلى الطوابير
act-edit-question = تعديل المهام ووضعها في طوابيرها؟ عددها: { $n }
act-edit-at-least = تعديل كل المهام المطابقة ووضعها في طوابيرها؟ عددها أكثر من { $n }.
act-edit-means = تأخذ كلها ما يُكتب هنا، وما يُترك فارغاً يبقى كما هو في كل منها. تحتفظ بمعرّفاتها وتُنفَّذ حالما يتفرغ عامل.
act-edit-types = هذه المهام من أنواع مختلفة: قلّما تناسب المعاملات نفسها جميعها.
act-edit-do = تعديل المهام وإدراجها ({ $n })
work-edit-going = جارٍ التعديل ({ $what }): { $n } حتى الآن
work-edit-going-of = جارٍ التعديل ({ $what }): { $n } من { $of }
work-edit-done = المهام المعدَّلة والمُدرجة: { $n } ({ $what })
work-edit-cancelled = أُوقف؛ المهام المعدَّلة والمُدرجة: { $n } ({ $what })
work-edit-failed = فشل في منتصف الطريق؛ المهام المعدَّلة والمُدرجة: { $n } ({ $what }). سجل الخادم يبيّن السبب.
order-hint = القوائم مرتبة حسب الوقت وحده: أي ترتيب آخر يتطلب قراءتها كاملة ولو كانت مليون مهمة. لرؤية نوع أو طابور واحد ابحث عن type: أو queue:.

# صفحة تعديل المهمة
edit-link = تعديل
edit-title = تعديل المهمة
edit-means = تحتفظ المهمة بمعرّفها ومكانها وما يُعرف عن آخر فشل لها. المحاولات المسموح بها: ‎-1 تعني لا محاولات ثم تموت؛ و0 تعني لا محاولات ثم تُسقط.
edit-too-long = معاملات هذه المهمة أطول من 64 كيبيبايت ولا يمكن تعديلها هنا. يمكن ذلك من سطر الأوامر أو واجهة API.
edit-save = حفظ
edit-enqueue = حفظ وإدراج الآن

# الدفعات وواحدة منها
batches-all = الكل
batches-states = الحالات
batches-empty = لا دفعات بعد: تظهر واحدة مع BATCH NEW.
batches-none = لا توجد دفعة في هذه الحالة.
batches-older = الأقدم
batches-batch = الدفعة
batches-one = الدفعة { $bid }
batches-state = الحالة
batches-progress = التقدّم
batches-failed = الفاشلة
batches-created = أُنشئت
batches-state-open = مفتوحة
batches-state-running = جارية
batches-state-failing = تتعثر
batches-state-succeeded = نجحت
batches-state-failed = فشلت
batches-state-cancelled = أُلغيت
batches-parent = جزء من
batches-closed-at = تُغلق
batches-forgotten-at = تُنسى
batches-check = فحص
batches-checked-nothing = تم الفحص: لم يكن هناك ما يُصلَح.
batches-checked = تم الفحص. ما أُصلِح: { $n }
batches-cancel = إلغاء
batches-cancel-question = إلغاء الدفعة { $bid }؟
batches-cancel-means = لن يأتي أي callback. تُحذف الأعضاء المنتظرة، وكذلك أعضاء الدفعات التي تحتها؛ وما يُعمل عليه يكتمل، والميت يبقى.
batches-waits = تنتظر
batches-waits-nothing = لن يأتي شيء آخر.
batches-wait-commit = BATCH COMMIT؛ وبدونه تُنسى.
batches-wait-again = BATCH COMMIT لأنها فُتحت من جديد؛ وبدونه تُغلق.
batches-wait-members = مهام لم تعمل بعد: { $n }
batches-wait-failing = مهام فشلت، ستعاد أو ماتت: { $n }
batches-wait-children = الدفعات التي تحتها وما تستدعيه: { $n }
batches-wait-callback = الاستدعاء { $name } الذي أُرسل
batches-wait-lost = الاستدعاء { $name } الذي حُذفت مهمته؛ يرسله الفحص من جديد.
batches-wait-never = الاستدعاء success لن يأتي أبدا؛ مهام انتهت بلا ACK: { $n }
batches-members = الأعضاء
batches-living = أعضاء لم يُنجزوا بعد
batches-living-none = لم يبقَ أي عضو: انتهى الجميع.
batches-more = الأعضاء أكثر مما عُدّ هنا.
batches-job = المهمة
batches-place = أين
batches-place-done = اكتملت
batches-place-gone = ذهبت بلا ACK
batches-place-working = قيد العمل
batches-place-queued = منتظرة
batches-place-retrying = ستعاد
batches-place-scheduled = مجدولة
batches-place-dead = ميتة
batches-place-discarded = مستبعدة
batches-callbacks = الاستدعاءات
batches-call-waits = ليس بعد
batches-call-pushed = أُرسل
batches-call-done = اكتمل
batches-children = الدفعات التي تحتها

# صفحة المشكلة: عنوانها بحسب حالة HTTP، وأكثر ما يقال
problem-400 = طلب غير مفهوم
problem-401 = يلزم تسجيل الدخول
problem-403 = غير مسموح
problem-404 = غير موجود
problem-405 = طريقة غير مسموحة
problem-408 = انتهت المهلة
problem-409 = تعارض
problem-413 = أكبر من اللازم
problem-414 = العنوان أطول من اللازم
problem-415 = صيغة غير معروفة
problem-421 = اسم خاطئ
problem-422 = تتعذر معالجته
problem-429 = طلبات أكثر من اللازم
problem-431 = الترويسات أكبر من اللازم
problem-500 = خطأ داخلي
problem-503 = غير متاح الآن
problem-home = إلى الصفحة الرئيسية
problem-status = الحالة
problem-internal = خطأ داخلي؛ في سجل الخادم المزيد
problem-no-page = لا توجد صفحة كهذه
problem-no-password = يلزم إدخال كلمة المرور
problem-wrong-password = كلمة المرور غير صحيحة
problem-viewer = كلمة المرور هذه للقراءة فقط؛ التغيير يحتاج إلى الأخرى
problem-viewer-admin = هذا يحتاج إلى كلمة المرور: كلمة القراءة فقط لا تعرض الرموز ولا سجل التدقيق

# المفاتيح الفريدة: أي مهمة تحمل أيها
unique-title = المفاتيح الفريدة
unique-means = كل مفتاح تحمله مهمة واحدة. وما دام محمولاً يُرفض دفع مهمة أخرى بالمفتاح نفسه. تحرير المفتاح يسمح بدخول التالية، وتستمر المهمة التي كانت تحمله من دونه.
unique-key = المفتاح
unique-find = عرض
unique-all = عرض الكل
unique-empty = لا يوجد مفتاح فريد محمول.
unique-free = هذا المفتاح حر.
unique-job = المهمة
unique-queue = الطابور
unique-state = الحالة
unique-until = محمول حتى
unique-release = تحرير
unique-release-named = تحرير مفتاح { $jid }
unique-release-question = أتريد تحرير هذا المفتاح؟ ستُقبل المهمة التالية بالمفتاح نفسه حتى مع بقاء هذه.
unique-success = على الأكثر: يتحرر عند نجاح المهمة
unique-start = على الأكثر: يتحرر عند بدء المهمة
unique-expiry = في كل الأحوال
unique-done = منجزة
unique-next = التالي

# Throttles: what limits queues
throttles-title = حدود { $queue }
throttles-means = ما يحدّ الطوابير، ومن يشغل الأماكن. الطابور الممتلئ كالفارغ بالنسبة إلى العاملين.
throttles-empty = لا طابور له حدود. تُضبط هنا، أو في [throttles] من الإعدادات.
throttles-limits = الحدود
throttles-taken = المشغول
throttles-holders = يشغلها
throttles-waiting = في الانتظار
throttles-tokens = الرموز
throttles-concurrency = معًا: { $n }
throttles-worker = لكل عامل: { $n }
throttles-rate = تبدأ: { $n } كل { $time }
throttles-burst = دفعة واحدة: { $n }
throttles-none = بلا حد
throttles-full = ممتلئ
throttles-set = ضبطه مشغّل
throttles-next = التالي بعد { $time }
throttles-nobody = لا عامل
throttles-idle = لا أحد يشغل مكانًا.
throttles-slots-of = الأماكن المشغولة من { $queue }
throttles-configured = تقول الإعدادات: { $limits }
throttles-new = حدّ طابورًا
throttles-change = غيّر الحدود
throttles-field-concurrency = المهام معًا، لكل العاملين
throttles-field-worker = المهام معًا، لكل عامل
throttles-field-rate = المهام التي تبدأ في كل مدة
throttles-field-per = المدة بالثواني (فارغ: 1)
throttles-field-burst = المهام التي تبدأ دفعة واحدة (فارغ: كما في المدة)
throttles-save = اضبط
throttles-lift = ارفع كل الحدود
throttles-reset = عد إلى الإعدادات

# Cron: jobs that are pushed by the clock
cron-title = كرون
cron-empty = لا مهمة تدفعها الساعة: المدخلات جداول [[cron]] في الإعدادات.
cron-entry = المدخل
cron-schedule = الجدول الزمني
cron-zone = المنطقة الزمنية
cron-job = المهمة
cron-next = التشغيل القادم
cron-last = آخر تشغيل
cron-missed = المواعيد الفائتة
cron-missed-skip = تُتجاوز
cron-missed-once = يُعوَّض آخرها
cron-missed-all = تُعوَّض كلها
cron-jitter = التوزيع
cron-jitter-seconds = { $n ->
    [zero] حتى { $n } ثانية
    [one] حتى ثانية واحدة
    [two] حتى ثانيتين
    [few] حتى { $n } ثوانٍ
    [many] حتى { $n } ثانية
   *[other] حتى { $n } ثانية
}
cron-off = معطّل
cron-paused = متوقف
cron-run = تشغيل الآن
cron-run-named = تشغيل الآن: { $id }
cron-pause = إيقاف مؤقت
cron-pause-named = إيقاف مؤقت: { $id }
cron-resume = استئناف
cron-resume-named = استئناف { $id }
cron-entry-title = مدخل كرون { $id }
cron-runs = آخر التشغيلات
cron-runs-empty = لم يُشغَّل بعد.
cron-tick = الموعد
cron-outcome = النتيجة
cron-ended = النهاية
cron-fails = مرات الفشل
cron-by-hand = يدويًا
cron-at-working = قيد التنفيذ
cron-at-queued = في الطابور
cron-at-retries = فشلت وستُعاد
cron-at-scheduled = مجدولة
cron-at-dead = ميتة
cron-at-discarded = متروكة
cron-ran-pushed = في الطابور
cron-ran-done = تمت
cron-ran-died = ماتت
cron-ran-discarded = فشلت وتُركت
cron-ran-deleted = محذوفة
cron-ran-expired = انتهت مهلتها
cron-ran-refused = مرفوضة
cron-ran-missed = { $n ->
    [zero] فات { $n } موعدًا
    [one] فات موعد واحد
    [two] فات موعدان
    [few] فاتت { $n } مواعيد
    [many] فات { $n } موعدًا
   *[other] فات { $n } موعدًا
}
cron-ran-paused = { $n ->
    [zero] تُجوز { $n } موعدًا أثناء التوقف
    [one] تُجوز موعد أثناء التوقف
    [two] تُجوز موعدان أثناء التوقف
    [few] تُجوزت { $n } مواعيد أثناء التوقف
    [many] تُجوز { $n } موعدًا أثناء التوقف
   *[other] تُجوز { $n } موعدًا أثناء التوقف
}
cron-every-second = { $n ->
    [zero] كل { $n } ثانية
    [one] كل ثانية
    [two] كل ثانيتين
    [few] كل { $n } ثوانٍ
    [many] كل { $n } ثانية
   *[other] كل { $n } ثانية
}
cron-every-minute = { $n ->
    [zero] كل { $n } دقيقة
    [one] كل دقيقة
    [two] كل دقيقتين
    [few] كل { $n } دقائق
    [many] كل { $n } دقيقة
   *[other] كل { $n } دقيقة
}
cron-every-hour = { $n ->
    [zero] كل { $n } ساعة
    [one] كل ساعة
    [two] كل ساعتين
    [few] كل { $n } ساعات
    [many] كل { $n } ساعة
   *[other] كل { $n } ساعة
}
cron-every-day = { $n ->
    [zero] كل { $n } يومًا
    [one] كل يوم
    [two] كل يومين
    [few] كل { $n } أيام
    [many] كل { $n } يومًا
   *[other] كل { $n } يومًا
}
cron-hourly = كل ساعة عند الدقيقة { $minute }
cron-times = عند { $times }
cron-weekdays = يوم { $days }
cron-monthdays = في اليوم { $days } من الشهر
cron-both = { $time }، { $day }
cron-day-0 = الأحد
cron-day-1 = الاثنين
cron-day-2 = الثلاثاء
cron-day-3 = الأربعاء
cron-day-4 = الخميس
cron-day-5 = الجمعة
cron-day-6 = السبت
