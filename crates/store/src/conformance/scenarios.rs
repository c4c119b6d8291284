//! The scenarios.

use super::Scenario;

const fn scenario(name: &'static str, table: &'static str) -> Scenario {
    Scenario { name, table }
}

/// What every engine must do.
pub const SCENARIOS: &[Scenario] = &[
    scenario(
        "a job is pushed, fetched and acknowledged",
        "0s p connect            | ok
         0s p push a             | ok
         0s p sees default       | a
         0s w hello              | ok
         0s w fetch default      | a
         0s w sees default       |
         0s w sees working       | a@w
         1s w ack a              | ok
         1s w ack a              | ok
         1s w fetch default      | waits
         1s w sees info          | processed 1 failed 0 sizes [0, 0, 0, 0, 0]
         3s                      | w: nothing",
    ),
    scenario(
        "jobs leave a queue in order, and the leftmost queue wins",
        "0s p connect                   | ok
         0s p push a queue=low          | ok
         0s p push b queue=low          | ok
         0s p push c queue=high         | ok
         0s p sees low                  | b a
         0s w hello                     | ok
         0s w fetch high low            | c
         0s w fetch high low            | a
         0s w fetch nowhere high low    | b
         0s w fetch high low            | waits
         0s p push d queue=low          | w: d, ok
         0s w ack a                     | ok
         0s w ack d                     | ok
         0s p sees info                 | processed 2 failed 0 sizes [0, 2, 0, 0, 0]",
    ),
    scenario(
        "who waits gets what is pushed, who has waited longest first",
        "0s w1 hello            | ok
         0s w2 hello            | ok
         0s p connect           | ok
         0s w1 fetch a b        | waits
         1s w2 fetch b          | waits
         1s p push x queue=b    | w1: x, ok
         1s p push y queue=b    | w2: y, ok
         1s w1 fetch a          | waits
         3s                     | w1: nothing
         3s p push z queue=a    | ok
         3s w1 fetch a          | z",
    ),
    scenario(
        "a client that vanishes while it waits strands nothing",
        "0s w1 hello            | ok
         0s w1 fetch q          | waits
         1s w1 leaves           | gone
         1s p connect           | ok
         1s p push x queue=q    | ok
         1s p fetch q           | x",
    ),
    scenario(
        "several jobs become durable together",
        "0s p connect           | ok
         0s p bulk a b c        | 3 pushed
         0s restart             |
         0s p connect           | ok
         0s p fetch default     | a
         0s p fetch default     | b
         0s p fetch default     | c
         0s p fetch default     | waits",
    ),
    scenario(
        "a failed job is tried again until it dies",
        "0s w hello                 | ok
         0s w push a retry=2        | ok
         0s w fetch default         | a
         0s w fail a                | ok
         0s w sees retries          | a×1
         1m w sees default          | a×1
         1m w fetch default         | a×1
         1m w fail a                | ok
         5m w fetch default         | a×2
         5m w fail a                | ok
         5m w sees retries          |
         5m w sees dead             | a×3
         5m w sees info             | processed 3 failed 3 sizes [0, 0, 0, 0, 1]
         200d w sees dead           |",
    ),
    scenario(
        "retry 0 is discarded, and retry -1 dies",
        "0s w hello                 | ok
         0s w push a retry=0        | ok
         0s w push b retry=-1       | ok
         0s w fetch default         | a
         0s w fail a                | ok
         0s w fetch default         | b
         0s w fail b                | ok
         0s w sees dead             | b×1
         0s w sees info             | processed 2 failed 2 sizes [0, 0, 0, 0, 1]",
    ),
    scenario(
        "a scheduled job joins the tail when it is due",
        "0s p connect               | ok
         0s p push b at=20s         | ok
         0s p push a at=10s         | ok
         0s p sees scheduled        | a b
         9s p push c                | ok
         9s p sees default          | c
         20s p sees default         | b a c
         20s p sees scheduled       |
         20s w hello                | ok
         20s w fetch default        | c
         20s w fetch default        | a",
    ),
    scenario(
        "a due job goes straight to who waits for it",
        "0s w hello                 | ok
         0s w push a at=10s         | ok
         9s w fetch default         | waits
         10s                        | w: a
         10s w sees working         | a@w",
    ),
    scenario(
        "a reservation that expires is a failure with a back-off",
        "0s w hello                 | ok
         0s w push a reserve=60     | ok
         0s w fetch default         | a
         59s w sees working         | a@w
         60s w sees working         |
         60s w sees retries         | a×1
         60s w ack a                | ok
         200s w fetch default       | a×1
         200s w sees info           | processed 1 failed 1 sizes [0, 1, 0, 0, 0]",
    ),
    scenario(
        "a lost worker's jobs go back to the head, in their order",
        "0s w hello                 | ok
         0s v hello                 | ok
         0s v push a                | ok
         0s v push b                | ok
         0s v push c                | ok
         0s w fetch default         | a
         0s w fetch default         | b
         0s w leaves                | gone
         59s v sees working         | a@w b@w
         60s v sees default         | c b a
         60s v fetch default        | a
         60s v fetch default        | b",
    ),
    scenario(
        "a lost worker's jobs go to those who wait",
        "0s w hello                 | ok
         0s w push a                | ok
         0s w push b                | ok
         0s w fetch default         | a
         0s w fetch default         | b
         0s w leaves                | gone
         59s v1 hello               | ok
         59s v2 hello               | ok
         59s v2 fetch default       | waits
         59s v1 fetch default       | waits
         60s                        | v2: a, v1: b",
    ),
    scenario(
        "a worker that comes back in time keeps its jobs, another process under its wid does not",
        "0s w hello                 | ok
         0s w push a                | ok
         0s w fetch default         | a
         0s w leaves                | gone
         50s w2 hello w             | ok
         90s w2 sees working        | a@w
         90s w2 leaves              | gone
         100s w3 hello w pid=2      | ok
         149s w3 sees working       | a@w
         150s w3 sees working       |
         150s w3 sees default       | a",
    ),
    scenario(
        "a job says what becomes of it when its worker is lost",
        "0s w hello                        | ok
         0s p connect                      | ok
         0s p push a lost=wait reserve=120 | ok
         0s p push b lost=dead             | ok
         0s p push c retry=0               | ok
         0s p push d lost=requeue          | ok
         0s w fetch default                | a
         0s w fetch default                | b
         0s w fetch default                | c
         0s w fetch default                | d
         0s w leaves                       | gone
         60s p sees working                | a@w
         60s p sees dead                   | b×1
         60s p sees default                | d
         120s p sees retries               | a×1",
    ),
    scenario(
        "a job that loses three workers is poison",
        "0s p connect               | ok
         0s p push a                | ok
         0s w1 hello                | ok
         0s w1 fetch default        | a
         0s w1 leaves               | gone
         100s w2 hello              | ok
         100s w2 fetch default      | a
         100s restart               |
         300s w3 hello              | ok
         300s w3 fetch default      | a
         300s w3 leaves             | gone
         360s w4 hello              | ok
         360s w4 sees dead          | a×1
         360s w4 fetch default      | waits",
    ),
    scenario(
        "only the own delivery is ended",
        "0s w hello                 | ok
         0s v hello                 | ok
         0s p connect               | ok
         0s p push a                | ok
         0s w fetch default         | a
         0s v ack a                 | ok
         0s p sees working          | a@w
         0s v fail a                | Job not found a
         0s p sees working          | a@w
         0s p ack a                 | ok
         0s p sees working          |
         0s w ack a                 | ok
         0s w fail a                | Job not found a",
    ),
    scenario(
        "equal jids do not damage each other",
        "0s w hello                 | ok
         0s v hello                 | ok
         0s p connect               | ok
         0s p push a one            | ok
         0s p push a two            | ok
         0s w fetch default         | a
         0s v fetch default         | a
         0s v ack a                 | ok
         0s p sees working          | a@w
         0s p sees info             | processed 1 failed 0 sizes [0, 1, 0, 0, 0]",
    ),
    scenario(
        "a repeated push is the same push for a minute",
        "0s p connect               | ok
         0s p push a                | ok
         0s p push a                | ok
         0s p push a other          | ok
         0s p sees default          | a a
         1s p fetch default         | a
         1s p push a                | ok
         1s p ack a                 | ok
         2s p push a                | ok
         2s p sees info             | processed 1 failed 0 sizes [1, 0, 0, 0, 0]
         70s p push a               | ok
         70s p sees default         | a a",
    ),
    scenario(
        "an undelivered job returns to the head",
        "0s w hello                 | ok
         0s w push a                | ok
         0s w push b                | ok
         0s w fetch default         | a
         0s w undelivered a         | back
         0s w sees default          | b a
         0s w undelivered a         | back
         0s w fetch default         | a
         0s v hello                 | ok
         0s v fetch default         | b
         0s v fetch default         | waits
         1s w undelivered a         | back, v: a",
    ),
    scenario(
        "a quiet worker gets no jobs",
        "0s w hello                 | ok
         0s v hello w               | ok
         0s v fetch q               | waits
         0s w beat w quiet          | quiet
         1s p connect               | ok
         1s p push x queue=q        | ok
         1s w fetch q               | waits
         2s                         | v: nothing
         3s                         | w: nothing
         3s p fetch q               | x",
    ),
    scenario(
        "a restart keeps everything",
        "0s w hello                 | ok
         0s w push a                | ok
         0s w push b                | ok
         0s w push c at=1h          | ok
         0s w push d retry=-1       | ok
         0s w push e                | ok
         0s w fetch default         | a
         0s w fetch default         | b
         0s w fetch default         | d
         0s w fail b                | ok
         0s w fail d                | ok
         0s restart                 |
         1s p connect               | ok
         1s p sees default          | e
         1s p sees working          | a@w
         1s p sees scheduled        | c
         1s p sees retries          | b×1
         1s p sees dead             | d×1
         1s p sees info             | processed 2 failed 2 sizes [1, 1, 1, 1, 1]
         1s w hello                 | ok
         1s w ack a                 | ok
         1s p push f                | ok
         59s p fetch default        | e
         59s p fetch default        | f
         59s p fetch default        | b×1
         59s p ack e                | ok
         59s p ack f                | ok
         59s p ack b                | ok
         1h p sees scheduled        |
         1h p sees default          | c",
    ),
    scenario(
        "a worker that does not come back after a restart is lost",
        "0s w hello                 | ok
         0s w push a                | ok
         0s w push b                | ok
         0s w fetch default         | a
         0s restart                 |
         0s v hello                 | ok
         59s v sees working         | a@w
         60s v sees default         | b a
         60s v fetch default        | a",
    ),
    scenario(
        "a reservation outlives a restart and expires in its time",
        "0s p connect               | ok
         0s p push a reserve=60     | ok
         0s p fetch default         | a
         20s restart                |
         59s q connect              | ok
         59s q sees working         | a@
         60s q sees retries         | a×1",
    ),
];
