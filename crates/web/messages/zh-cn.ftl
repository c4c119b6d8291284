# Every text of the dashboard, in Simplified Chinese. One file per language; the format is Project Fluent's (a key, "=", a text; { $n } is
# filled in; a text may depend on a number's plural). Keys start with the page or part that shows them.

language = 简体中文

# What stands around every page
skip-to-content = 跳到正文
nav-pages = 页面
tab-home = 首页
tab-recent = 最近
tab-busy = 执行中
tab-queues = 队列
tab-batches = 批次
tab-throttles = 限流
tab-retries = 重试
tab-scheduled = 已计划
tab-dead = 死亡
tab-cron = 定时任务
tab-statistics = 统计
search-label = 搜索任务
search-hint = 搜索：jid、type:、queue:、error: …
# Whether the page follows what happens by itself
live-live = 实时
live-paused = 已暂停
live-lost = 无响应
live-hint = 暂停或继续
status-active = 活动
status-idle = 空闲
summary-title = 概览
summary-processed = 已处理
summary-failures = 失败
summary-busy = 执行中
summary-enqueued = 排队中
summary-retries = 重试
summary-scheduled = 已计划
summary-dead = 死亡
footer-connections = 个连接
footer-debug = 诊断
footer-tokens = 令牌
footer-audit = 审计日志
footer-unique = 唯一键
footer-docs = 文档
footer-language = 语言
footer-theme = 外观
theme-auto = 自动
theme-light = 浅色
theme-dark = 深色
# The state of the server, above every page: first what, then what it means.
banner-exposed = 未设置密码，
banner-exposed-more = 而其他机器可以访问此服务器：任何人都能读取、修改和删除所有任务。
banner-disk-full = 磁盘已满，
banner-disk-full-more = 在腾出空间之前拒绝新任务。工作进程继续运行。
banner-memory-full = 内存不足，
banner-memory-full-more = 在内存恢复之前拒绝新任务。工作进程继续运行。
banner-relaxed = 持久性已放宽，
banner-relaxed-more = 断电可能丢失最近 100 毫秒内已应答的内容。

# Lists of jobs: columns, states, and what can be done
jobs-select = 选择
jobs-select-all = 选择本页全部
jobs-select-one = 选择 { $jid }
jobs-state = 状态
jobs-job = 任务
jobs-queue = 队列
jobs-arguments = 参数
jobs-error = 错误
jobs-retries = 重试次数
jobs-when = 时间
jobs-next-retry = 下次重试
jobs-last-retry = 上次重试
# When a deleted job can no longer be brought back
jobs-gone-at = 彻底消失时间
jobs-never = 从未
state-working = 执行中
state-waiting = 等待中
state-retries = 重试
state-scheduled = 已计划
state-dead = 死亡
state-discarded = 已删除
# 单个任务
state-one-working = 执行中
state-one-waiting = 等待中
state-one-retries = 待重试
state-one-scheduled = 已计划
state-one-dead = 死亡
state-one-discarded = 已删除
deed-retry = 立即重试
deed-add_to_queue = 加入队列
deed-kill = 设为死亡
deed-delete = 删除
deed-restore = 找回
deed-kill-selected = 把所选任务移到死亡列表？
deed-delete-selected = 删除所选任务？
pager-first = « 首页
pager-next = 下一页 ›

# Retries, Scheduled, Dead
set-retries-empty = 没有失败的任务在等待重试。
set-scheduled-empty = 没有已计划的任务。
set-dead-empty = 没有任务用尽重试次数。
set-discarded-empty = 没有可以找回的已删除任务。
set-act-on-all = 全部 { $total } 个：

# The search: its page and the box on other pages. Names of fields (type:, queue: …) are the same in every language
search-title = 搜索
search-jobs = 搜索这些任务
search-jobs-hint = type:Mail* error:timeout age>2h
search-find = 搜索
search-found = { $n ->
    [0] 没有匹配的任务
   *[other] { $n } 个任务匹配
}
search-found-so-far = 目前 { $n } 个任务匹配
search-go-on = 继续搜索
search-nothing = 没有匹配的任务。已结束的任务不保留；“最近”页显示最后一批。
search-empty = 查找任何状态的任务：等待中、执行中、待重试、已计划、死亡。
search-all = { $n ->
    [1] 匹配的任务：
   *[other] 全部 { $n } 个匹配的任务：
}
search-all-uncounted = 全部匹配的任务：
search-pages = 搜索结果分页
search-wrong = { $what }（第 { $place } 个字符）
search-syntax = 可以搜索什么
search-syntax-terms = 各项以空格分隔，任务必须满足全部；type、queue、jid 或 state 写多个表示其中任意一个，type:、queue: 和 state: 中用逗号分隔也一样。* 代表任意文字，引号把空格括在一起，不区分大小写。单独的词在类型、jid、错误和参数中查找。
search-syntax-fields = type: queue: jid: 按整体比较；error: 和 arg: 在文字的任意位置查找；state: 为 working、waiting、retries、scheduled 或 dead；age> 和 age< 取 90s、15m、2h、7d 或 4w，从任务入队或首次失败算起；retries> 和 retries< 取一个数字。

# The question before something is done to many jobs
act-retry = 立即重试任务
act-kill = 将任务设为死亡
act-delete = 删除任务
act-retry-question = 现在把 { $n } 个任务放入各自的队列？
act-kill-question = 把 { $n } 个任务移到死亡列表？
act-delete-question = 删除 { $n } 个任务？
act-retry-at-least = 现在把全部匹配的任务放入各自的队列？它们超过 { $n } 个。
act-kill-at-least = 把全部匹配的任务移到死亡列表？它们超过 { $n } 个。
act-delete-at-least = 删除全部匹配的任务？它们超过 { $n } 个。
act-retry-means = 一有空闲的工作进程就会执行，不等预定时间。
act-kill-means = 死亡任务不会自动重试；可以在“死亡”页重试。
act-delete-means = 删除的任务在一分钟内可以找回，之后不再保留。
act-working = 执行中的任务和从现在起新来的任务不受影响。
act-whole-list = 此列表中的每个任务。
act-search = 匹配的任务：
act-more = 以及另外 { $n } 个
act-pushed-out = 死亡列表最多容纳 { $most } 个任务：其中最旧的 { $n } 个会被挤出并丢失。
act-grown = 未执行任何操作：此前统计为 { $n } 个，现在匹配的更多。这是当前的数量。
act-type = 请输入任务数量 { $n } 以确认：
act-retry-do = 重试 { $n } 个任务
act-kill-do = 将 { $n } 个任务设为死亡
act-delete-do = 删除 { $n } 个任务
act-back = 返回

# What is being done to many jobs, on every page. $what: which jobs
work-everywhere = 全部任务
work-progress = 进度
work-cancel = 停止
work-dismiss = 关闭
work-undo = 撤销
works-title = 对任务做过的操作
works-none = 最近没有批量操作。
work-undone = 已找回 { $n } 个任务
work-retry-going = 正在重试（{ $what }）：已完成 { $n } 个
work-retry-going-of = 正在重试（{ $what }）：{ $n } / { $of }
work-retry-done = 已重试 { $n } 个任务（{ $what }）
work-retry-cancelled = 已停止；重试了 { $n } 个任务（{ $what }）
work-retry-failed = 中途失败；重试了 { $n } 个任务（{ $what }）。原因见服务器日志。
work-kill-going = 正在设为死亡（{ $what }）：已完成 { $n } 个
work-kill-going-of = 正在设为死亡（{ $what }）：{ $n } / { $of }
work-kill-done = 已将 { $n } 个任务设为死亡（{ $what }）
work-kill-cancelled = 已停止；将 { $n } 个任务设为死亡（{ $what }）
work-kill-failed = 中途失败；将 { $n } 个任务设为死亡（{ $what }）。原因见服务器日志。
work-delete-going = 正在删除（{ $what }）：已完成 { $n } 个
work-delete-going-of = 正在删除（{ $what }）：{ $n } / { $of }
work-delete-done = 已删除 { $n } 个任务（{ $what }）
work-delete-cancelled = 已停止；删除了 { $n } 个任务（{ $what }）
work-delete-failed = 中途失败；删除了 { $n } 个任务（{ $what }）。原因见服务器日志。

# One queue
queue-title = 队列 { $name }

# The page Recent: the last jobs that a worker had in its hands, one line each
recent-title = 最近
# A box for the id of a job; the button leads to the job, wherever it is
recent-find = 它现在在哪里？
recent-find-go = 查找
# "jid" is the name that clients use for the id of a job
recent-jid = jid
recent-job = 任务
recent-type = 类型
recent-queue = 队列
recent-worker = 工作进程
# How long the job ran, and how long it had waited in its queue
recent-ran = 运行
recent-waited = 等待
recent-outcome = 结果
recent-when = 时间
recent-any = 任意
recent-filter = 筛选
recent-all = 显示全部
# Stands in place of the jid where no worker reported the end
recent-no-jid = 无报告
recent-empty = 服务器启动以来还没有执行过任务。
recent-none = 最近 1,000 个任务中没有匹配的。
# $jid: what was looked for
recent-sought = 存储中没有 jid 为 { $jid } 的任务：它已结束，或从未存在。最近所知的情况见下。
recent-unknown = 没有 jid 为 { $jid } 的任务：它早已结束，或从未存在。最近 1,000 个任务中也没有它。

# How somebody's work on a job ended
outcome-done = 完成
outcome-failed = 失败
outcome-died = 死亡
outcome-discarded = 已丢弃
outcome-expired = 保留时间已到
outcome-lost = 工作进程丢失
outcome-released = 已释放
outcome-overdue = 未及时执行

# The page Statistics, and the pages of one job type or queue
statistics-title = 统计
statistics-span = 时间范围
span-1h = 1 小时
span-24h = 24 小时
span-7d = 7 天
span-30d = 30 天
statistics-types = 任务类型
statistics-queues = 队列
statistics-type = 类型
statistics-queue = 队列
# Titles of the pages of one: $name is the type or queue
statistics-of-type = 类型 { $name } 的统计
statistics-of-queue = 队列 { $name } 的统计
# A link to the jobs of this type or queue
statistics-jobs = 相关任务
statistics-sums = 此时间范围内
statistics-name = 名称
statistics-count = 已处理
statistics-good = 成功
statistics-failed = 失败
statistics-lost = 随工作进程丢失
# How long jobs ran, and how long they had waited in their queue
statistics-run = 运行时间
statistics-wait = 等待时间
statistics-run-said = 运行时间的三条曲线：中位数、第 95 和第 99 百分位。下面的表格内容相同。
statistics-wait-said = 等待时间的三条曲线：中位数、第 95 和第 99 百分位。下面的表格内容相同。
# Heading of the small drawing in each row: how many there were over time
statistics-course = 走势
# The row of all those that have no row of their own
statistics-other = 其他全部
statistics-empty = 此时间范围内没有任务结束。
statistics-throughput = 吞吐量
# $processed in all, $failed of them failed; $from and $to are times
statistics-said = { $from } 至 { $to }：已处理 { $processed }，失败 { $failed }
# One bar of the chart: $at is a time
statistics-at = { $at }：已处理 { $processed }，失败 { $failed }
# Marks are moments with a name, set by people and scripts, for example at a deployment
statistics-marks = 标记
statistics-mark = 标记此刻，例如一次部署
statistics-set-mark = 设置标记
statistics-no-marks = 此时间范围内没有标记。
statistics-table = 表格形式的数据
statistics-when = 起始
# How far away a moment is, and how long something takes
moment-now = 刚刚
moment-invalid = 无效的时间
moment-ago-second = { $n } 秒前
moment-ago-minute = { $n } 分钟前
moment-ago-hour = { $n } 小时前
moment-ago-day = { $n } 天前
moment-ago-month = { $n } 个月前
moment-ago-year = { $n } 年前
moment-ahead-second = { $n } 秒后
moment-ahead-minute = { $n } 分钟后
moment-ahead-hour = { $n } 小时后
moment-ahead-day = { $n } 天后
moment-ahead-month = { $n } 个月后
moment-ahead-year = { $n } 年后
moment-span-second = { $n } 秒
moment-span-minute = { $n } 分钟
moment-span-hour = { $n } 小时
moment-span-day = { $n } 天
moment-span-month = { $n } 个月
moment-span-year = { $n } 年

# The links between the pages of a list
pager-jobs = 任务分页
pager-queues = 队列分页
pager-processes = 进程分页
pager-range = { $from }–{ $to }，共 { $total }
pager-none = 没有第 { $page } 页
pager-previous = ‹ 上一页
pager-last = 末页 »

# Home
home-throughput = 吞吐量
home-throughput-words = 最近十分钟内每秒完成和失败的次数
home-done = 完成
home-every = 间隔
home-latency = 延迟
home-latency-words = 最近十分钟的运行时间和等待时间，第 95 百分位
# The 95th percentile of how long jobs ran, and of how long they had waited
home-run = 运行，p95
home-wait = 等待，p95
home-pulse-at = { $time }：完成 { $done }/s，失败 { $failed }/s，运行 { $run }，等待 { $wait }
home-pulse-unknown = { $time }：无数据
home-history = 历史
home-history-length = 历史长度
home-history-day = { $date }：已处理 { $processed }，失败 { $failed }
home-history-words = { $since } 至 { $until }：已处理 { $processed }，失败 { $failed }
home-days = { $n } 天
home-failed = 失败
home-attention = 需要关注
home-attention-none = 一切正常：没有队列延误，没有死亡任务。
home-no-workers = { $n } 个任务在等待，但没有工作进程连接
# The next job of this queue has waited for long; how long stands beside it.
home-queue-late = 队列 { $queue } 有延误
home-queue-paused = 队列 { $queue } 已暂停
home-waiting = { $n } 个任务在等待
home-dead = { $n } 个死亡任务
home-quiet = { $n } 个工作进程不再接任务
home-retries = { $n } 个任务失败，将会重试
home-queues = 队列
home-share = { $queue } 与最长队列相比的长度
home-more-queues = 另有 { $n } 个队列
home-server = 服务器
home-version = 版本
home-uptime = 已运行
home-connections = 连接
home-memory = 内存
home-commands = 命令

# Lists of jobs, on several pages
# Followed by a number
jobs-selected = 已选择：
actions = 操作

# The page that asks before something is done
confirm-type = 输入 { $name } 以继续
confirm-back = 什么也不做

# Busy. A worker process that is quiet finishes what it has and fetches no more.
busy-processes = 进程
busy-process = 进程
busy-queues = 取自队列
busy-more-queues = 以及另外 { $n } 个
busy-started = 开始
busy-beat = 上次心跳
busy-connections = 连接
busy-memory = 内存
busy-busy = 执行中
busy-no-processes = 没有工作进程连接。
busy-stage-quiet = 静默
busy-stage-terminate = 正在终止
busy-quiet = 静默
busy-quiet-named = 静默 { $host }
busy-quiet-all = 全部静默
busy-quiet-all-question = 让所有工作进程静默？它们做完手头的任务，不再取新任务。
busy-stop = 停止
busy-stop-named = 停止 { $host }
busy-stop-all = 全部停止
busy-stop-question = 停止 { $host }？
busy-stop-all-question = { $n ->
    [1] 停止唯一的工作进程？
   *[other] 停止全部 { $n } 个工作进程？
}
busy-stop-jobs = { $n ->
    [0] 那里没有正在执行的任务。
   *[other] 那里有 { $n } 个任务正在执行。
}
busy-stop-means = 工作进程在下次心跳时得知，停止取任务，并在其任务结束后退出。未及时结束的任务会交给别的工作进程。
busy-jobs = 任务
busy-no-jobs = 没有正在执行的任务。
busy-runs = 已运行
busy-release = 释放
busy-release-named = 释放 { $jid }
busy-release-question = 把此任务交给别的工作进程？它回到队列最前，原工作进程此后的报告不再算数。
busy-runs-of = 在其 { $time } 的保留时间中

# How far a job says that it is (TRACK SET), on Busy and on its page

progress-title = 进度
# $percent: 0 to 100
progress-percent = { $percent }%

# Queues, and one queue
queues-empty = 还没有队列：有第一个任务时就会出现。
queues-name = 队列
queues-size = 大小
queues-oldest = 最旧
queues-working = 执行中
# Jobs a second that come to the queue and leave it
queues-in = 进
queues-out = 出
queues-paused = 已暂停
queues-pause = 暂停
queues-pause-named = 暂停 { $queue }
queues-resume = 恢复
queues-resume-named = 恢复 { $queue }
queues-clear = 清空
queues-clear-named = 清空 { $queue }
queue-oldest = 下一个任务已等待 { $time }
queue-empty = 这里没有等待的任务。
queue-enqueued = 入队
queue-kill = 设为死亡
queue-kill-question = 把所选任务移到死亡列表？
queue-delete = 删除
queue-delete-question = 删除所选任务？
queue-clear-question = 清空队列 { $queue }？
queue-clear-means = { $n ->
    [0] 其中没有等待的任务。
   *[other] 其中等待的 { $n } 个任务将被永久删除。正在执行的任务继续。
}

# A job
job-more = 具有此 jid 的任务比这里显示的多。
job-state = 状态
job-queued = 在队列中等待
job-scheduled = 已计划
job-retrying = 等待下次重试
job-dead = 死亡
job-working = 执行中
job-ended = 此任务已不在这里。
job-ended-known = 最近几次执行的结果：
job-ended-unknown = 已无法得知其结果；只保留最近 1,000 个任务。
job-discarded = 已丢弃
job-retry = 立即重试
job-enqueue = 加入队列
job-delete = 删除
job-delete-question = 删除这个任务？
job-kill = 设为死亡
job-kill-question = 把此任务移到死亡列表？
job-failure = 上次失败
job-error = 错误
job-trace = 堆栈跟踪
job-no-trace = 工作进程没有发送堆栈跟踪。
job-contents = 内容
job-custom = 自定义
job-download = 下载完整任务
job-cut = 显示 { $whole } 中的 { $shown }；下载文件包含全部内容。
# What happened when; a moment stands behind each: "created 3 minutes ago"
job-step-created = 创建
job-step-asked = 要求执行
job-step-enqueued = 入队
job-step-not-enqueued = 尚未入队
job-step-waits = 等待工作进程
job-step-failed = 失败 { $n } 次
job-step-first-failure = 首次
job-step-started = 开始
job-step-reserved = 保留至
job-step-runs = 运行
job-step-retry = 下次重试
job-step-kept = 保存至
job-step-expires = 到期
job-step-expired = 已过期
job-no-wid = 没有 wid 的客户端
job-facts = 数据
job-jid = Jid
job-retry-count = 已重试次数
job-remaining = 剩余重试次数
job-retries = 允许的重试次数
job-retries-die = 无，随后死亡
job-retries-discard = 无，随后丢弃
job-reserve-for = 保留时间
job-size = 大小
job-bytes = { $n } 字节

# Debug
debug-yes = 是
debug-no = 否
debug-server = 服务器
debug-version = 版本
debug-compatible = 兼容的 Faktory 版本
debug-environment = 环境
debug-binding = 命令地址
debug-base-path = 基础路径
debug-uptime = 已运行
debug-connections = 连接
debug-commands = 命令
debug-memory = 内存
debug-memory-full = 内存已满
debug-reloads-refused = 被拒绝的重新加载
debug-certificate = 证书有效期至
debug-password = 已设置密码
debug-exposed = 无密码且对外开放
debug-missed = 统计遗漏的事件
debug-store = 存储
debug-data = 数据目录
debug-durability = 持久性
debug-disk-full = 磁盘已满
debug-disk-free = 磁盘剩余空间
debug-answer = 引擎的回答
debug-log = 存储的日志
debug-log-length = 长度
debug-log-live = 其中有效（约）
debug-log-disk = 占用磁盘（含备用）
debug-log-segments = 段
debug-log-spares = 备用段
debug-log-given-up = 已放弃的段
debug-log-cleaned = 已清理的段
debug-log-cleaned-bytes = 清理时重写
debug-log-cleaned-at = 上次清理
debug-flushes = 日志刷写
debug-turns = 引擎轮次
debug-spread-at = 不超过 { $time }：{ $n }
debug-spread-words = { $n } 次的耗时分布
debug-since = 自启动以来
debug-accepted = 接受的任务
debug-repushed = 按重复处理的推送
debug-scheduled = 已入队的计划任务
debug-retries = 已入队的重试
debug-reaped = 过期的保留
debug-workers-lost = 丢失的工作进程
debug-jobs-lost = 从丢失的工作进程收回的任务
debug-released = 人工释放的任务
debug-stale = 无效的 ACK 和 FAIL
debug-undelivered = 未送达的任务
debug-dead-dropped = 被挤出死亡列表的任务
debug-expired = 因过期而丢弃的任务
debug-unique-locks = 已占用的唯一键
debug-unique-denied = 因不唯一而被拒绝的推送
debug-rejected = 被拒绝的输入
debug-rejected-none = 没有被拒绝的输入。

# The audit log: who has changed what
audit-title = 审计日志
audit-means = 通过页面、API 或任务端口所做的每次更改，最新的在前。保留最近 10,000 条。
audit-export = 全部保存为 JSON 行
audit-find = 查找
audit-find-go = 搜索
audit-all = 显示全部
audit-empty = 还没有人做过更改。
audit-at = 时间
audit-who = 操作者
audit-action = 操作
audit-object = 对象
audit-count = 数量
audit-older = 更早
audit-role-open = 开放
audit-role-admin = 管理员
audit-role-viewer = 只读
audit-role-token = 令牌
audit-by-page = 页面
audit-by-api = API
audit-by-port = 任务端口
audit-did-retry = 重试
audit-did-delete = 删除
audit-did-discard = 删除（可找回）
audit-did-restore = 找回
audit-did-kill = 设为死亡
audit-did-release = 释放
audit-did-move = 移动
audit-did-edit = 编辑
audit-did-clear = 清空
audit-did-clear-queue = 清空队列
audit-did-pause-queue = 暂停队列
audit-did-resume-queue = 恢复队列
audit-did-remove-queue = 移除队列
audit-did-cancel-batch = 取消批次
audit-did-check-batch = 检查批次
audit-did-release-key = 释放键
audit-did-set-throttle = 设置限流
audit-did-reset-throttle = 重置限流
audit-did-run-cron-entry = 运行定时条目
audit-did-pause-cron-entry = 暂停定时条目
audit-did-resume-cron-entry = 恢复定时条目
audit-did-wake-worker = 唤醒工作进程
audit-did-quiet-worker = 静默工作进程
audit-did-stop-worker = 停止工作进程
audit-did-create-token = 创建令牌
audit-did-revoke-token = 吊销令牌
audit-did-mark = 设置标记

# Tokens: what scripts are let in by. Scopes are words of the API and stay as they are; what they mean stands beside them.
tokens-title = 令牌
tokens-means = 持有令牌的脚本可以做其权限所允许的事。它以 Authorization: Bearer 发送令牌。
tokens-open = 未设置密码，因此任何人都可以做任何事，也不需要令牌。
tokens-made = 这是新的令牌。只显示这一次：请现在复制。
tokens-empty = 没有令牌。
tokens-name = 名称
tokens-scopes = 权限
tokens-created = 创建
tokens-used = 上次使用
tokens-expires = 到期
tokens-expired = 已过期
tokens-never = 从未
tokens-revoke = 吊销
tokens-new = 新令牌
tokens-days = 有效天数（留空：直到被吊销）
tokens-create = 创建
tokens-scope-read = 查看令牌和审计日志以外的一切
tokens-scope-push = 推送任务和设置标记
tokens-scope-operate = 操作任务、队列和工作进程
tokens-scope-admin = 一切

# 将任务移到其他队列。$to：队列，$what：哪些任务
deed-move = 移动
move-title = 移到其他队列
move-to = 目标队列
act-move = 将任务移到其他队列
act-move-question = 将 { $n } 个任务移到其他队列？
act-move-at-least = 将所有匹配的任务移到其他队列？超过 { $n } 个任务。
act-move-means = 等待中的任务排到该队列末尾；失败、已计划和已死亡的任务保持原状，到时再进入该队列。
act-move-do = 移动 { $n } 个任务
work-move-going = 正在移到 { $to }（{ $what }）：目前 { $n } 个
work-move-going-of = 正在移到 { $to }（{ $what }）：{ $n } / { $of }
work-move-done = { $n } 个任务已移到 { $to }（{ $what }）
work-move-cancelled = 已停止；{ $n } 个任务已移到 { $to }（{ $what }）
work-move-failed = 中途失败；{ $n } 个任务已移到 { $to }（{ $what }）。原因见服务器日志。
deed-edit = 编辑
act-edit = 编辑任务并重新入队
act-edit-question = 编辑 { $n } 个任务并放入各自的队列？
act-edit-at-least = 编辑所有匹配的任务并放入各自的队列？超过 { $n } 个任务。
act-edit-means = 所有任务都采用此处填写的内容；留空的部分保持各自原样。任务保留其 jid，一有空闲的工作进程就会执行。
act-edit-types = 这些任务属于多种类型：同一组参数很少适用于全部。
act-edit-do = 编辑 { $n } 个任务并入队
work-edit-going = 正在编辑（{ $what }）：目前 { $n } 个
work-edit-going-of = 正在编辑（{ $what }）：{ $n } / { $of }
work-edit-done = { $n } 个任务已编辑并入队（{ $what }）
work-edit-cancelled = 已停止；{ $n } 个任务已编辑并入队（{ $what }）
work-edit-failed = 中途失败；{ $n } 个任务已编辑并入队（{ $what }）。原因见服务器日志。
order-hint = 列表只按时间排列：其他顺序都需要读完整个列表，哪怕有一百万个任务。要查看某个类型或队列，请搜索 type: 或 queue:。

# 编辑任务的页面
edit-link = 编辑
edit-title = 编辑任务
edit-means = 任务保留其 jid、位置和上次失败的信息。允许的重试次数：-1 表示不重试，失败即死亡；0 表示不重试，失败即丢弃。
edit-too-long = 该任务的参数超过 64 KiB，无法在此编辑。可使用命令行或 API。
edit-save = 保存
edit-enqueue = 保存并立即入队

# 批次列表和单个批次
batches-all = 全部
batches-states = 状态
batches-empty = 还没有批次:BATCH NEW 会创建一个。
batches-none = 没有处于此状态的批次。
batches-older = 更早的
batches-batch = 批次
batches-one = 批次 { $bid }
batches-state = 状态
batches-progress = 进度
batches-failed = 失败
batches-created = 创建于
batches-state-open = 打开
batches-state-running = 运行中
batches-state-failing = 有失败
batches-state-succeeded = 成功
batches-state-failed = 失败
batches-state-cancelled = 已取消
batches-parent = 属于
batches-closed-at = 关闭于
batches-forgotten-at = 移除于
batches-check = 检查
batches-checked-nothing = 已检查：无需修复。
batches-checked = 已检查。修复项：{ $n }
batches-cancel = 取消
batches-cancel-question = 取消批次 { $bid }?
batches-cancel-means = 不再有回调。等待中的成员会被删除,下级批次的也一样;正在处理的会完成,死亡的保留。
batches-waits = 等待
batches-waits-nothing = 没有更多内容。
batches-wait-commit = BATCH COMMIT;否则它会被移除。
batches-wait-again = BATCH COMMIT,因为它被重新打开;否则它会被关闭。
batches-wait-members = 尚未运行的任务:{ $n }
batches-wait-failing = 失败、待重试或死亡的任务:{ $n }
batches-wait-children = 下级批次及其回调:{ $n }
batches-wait-callback = 回调 { $name },已推送
batches-wait-lost = 回调 { $name },其任务已被删除;“检查”会再次推送。
batches-wait-never = 回调 success 不会到来;未经 ACK 结束的任务:{ $n }
batches-members = 成员
batches-living = 待完成的成员
batches-living-none = 没有剩余成员：全部已结束。
batches-more = 成员比这里统计的更多。
batches-job = 任务
batches-place = 位置
batches-place-done = 已完成
batches-place-gone = 未经 ACK 结束
batches-place-working = 处理中
batches-place-queued = 等待中
batches-place-retrying = 待重试
batches-place-scheduled = 已计划
batches-place-dead = 死亡
batches-place-discarded = 已丢弃
batches-callbacks = 回调
batches-call-waits = 尚未
batches-call-pushed = 已推送
batches-call-done = 已完成
batches-children = 下级批次

# 问题页面：按 HTTP 状态的标题，以及最常见的说明
problem-400 = 无法理解的请求
problem-401 = 需要登录
problem-403 = 禁止访问
problem-404 = 未找到
problem-405 = 不允许的方法
problem-408 = 请求超时
problem-409 = 冲突
problem-413 = 内容过大
problem-414 = 地址过长
problem-415 = 未知的格式
problem-421 = 名称不对
problem-422 = 无法处理
problem-429 = 请求过多
problem-431 = 请求头过大
problem-500 = 内部错误
problem-503 = 暂时不可用
problem-home = 返回首页
problem-status = 状态
problem-internal = 内部错误；服务器日志中有更多信息
problem-no-page = 没有这个页面
problem-no-password = 需要密码
problem-wrong-password = 密码不正确
problem-viewer = 此密码只能查看；更改需要另一个密码
problem-viewer-admin = 这需要完整权限的密码：只读密码不显示令牌和审计日志

# 唯一键：哪个任务持有哪个键
unique-title = 唯一键
unique-means = 每个键由一个任务持有。在持有期间，具有相同键的任务会被拒绝。释放键后下一个任务即可进入；原来的任务会继续运行，但不再持有该键。
unique-key = 键
unique-find = 查看
unique-all = 显示全部
unique-empty = 没有被持有的唯一键。
unique-free = 此键空闲。
unique-job = 任务
unique-queue = 队列
unique-state = 状态
unique-until = 持有至
unique-release = 释放
unique-release-named = 释放 { $jid } 的键
unique-release-question = 释放此键？即使此任务仍在，下一个具有相同键的任务也会被接受。
unique-success = 最迟：任务成功时释放
unique-start = 最迟：任务开始时释放
unique-expiry = 无论如何
unique-done = 已完成
unique-next = 下一页

# Throttles: what limits queues
throttles-title = 限流 { $queue }
throttles-means = 限制队列的规则，以及谁占用了名额。对工作进程来说，满的队列就像空的一样。
throttles-empty = 没有队列受限。可在此设置，或在配置的 [throttles] 中设置。
throttles-limits = 限制
throttles-taken = 已占用
throttles-holders = 占用者
throttles-waiting = 等待中
throttles-tokens = 令牌
throttles-concurrency = 同时：{ $n }
throttles-worker = 每个工作进程：{ $n }
throttles-rate = 开始：每 { $time } { $n } 个
throttles-burst = 一次最多：{ $n }
throttles-none = 无限制
throttles-full = 已满
throttles-set = 由操作员设置
throttles-next = { $time }后下一个
throttles-nobody = 无工作进程
throttles-idle = 没有人占用名额。
throttles-slots-of = { $queue } 已占用的名额
throttles-configured = 配置中为：{ $limits }
throttles-new = 限制一个队列
throttles-change = 更改限制
throttles-field-concurrency = 所有工作进程同时处理的任务数
throttles-field-worker = 每个工作进程同时处理的任务数
throttles-field-rate = 每个时间段开始的任务数
throttles-field-per = 时间段（秒；空：1）
throttles-field-burst = 一次开始的任务数（空：与时间段相同）
throttles-save = 设置
throttles-lift = 取消所有限制
throttles-reset = 恢复为配置

# Cron: jobs that are pushed by the clock
cron-title = 定时任务
cron-empty = 没有按时钟推送的任务：条目是配置中的 [[cron]] 表。
cron-entry = 条目
cron-schedule = 时间表
cron-zone = 时区
cron-job = 任务
cron-next = 下次运行
cron-last = 上次运行
cron-missed = 错过的时刻
cron-missed-skip = 跳过
cron-missed-once = 补上最后一次
cron-missed-all = 全部补上
cron-jitter = 分散
cron-jitter-seconds = 最多 { $n } 秒
cron-off = 已关闭
cron-paused = 已暂停
cron-run = 立即运行
cron-run-named = 立即运行 { $id }
cron-pause = 暂停
cron-pause-named = 暂停 { $id }
cron-resume = 恢复
cron-resume-named = 恢复 { $id }
cron-entry-title = 定时条目 { $id }
cron-runs = 最近的运行
cron-runs-empty = 尚未运行。
cron-tick = 时刻
cron-outcome = 结果
cron-ended = 结束
cron-fails = 失败次数
cron-by-hand = 手动
cron-at-working = 执行中
cron-at-queued = 已入队
cron-at-retries = 失败，将重试
cron-at-scheduled = 已计划
cron-at-dead = 已死
cron-at-discarded = 已丢弃
cron-ran-pushed = 已入队
cron-ran-done = 完成
cron-ran-died = 已死
cron-ran-discarded = 失败并丢弃
cron-ran-deleted = 已删除
cron-ran-expired = 已过期
cron-ran-refused = 被拒绝
cron-ran-missed = 错过 { $n } 次
cron-ran-paused = 暂停时跳过 { $n } 次
cron-every-second = 每 { $n } 秒
cron-every-minute = 每 { $n } 分钟
cron-every-hour = 每 { $n } 小时
cron-every-day = 每 { $n } 天
cron-hourly = 每小时的第 { $minute } 分
cron-times = { $times }
cron-weekdays = { $days }
cron-monthdays = 每月 { $days } 日
cron-both = { $day } { $time }
cron-day-0 = 星期日
cron-day-1 = 星期一
cron-day-2 = 星期二
cron-day-3 = 星期三
cron-day-4 = 星期四
cron-day-5 = 星期五
cron-day-6 = 星期六
