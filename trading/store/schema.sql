-- trading.db: written by the trading process alone; everybody else opens it read-only.
-- Prices and money are integers of 1/10,000 USD; times are ISO 8601 UTC text; sessions are YYYY-MM-DD.

CREATE TABLE fact (                     -- small facts: schema, account, gateway kind, instance, session state, heartbeat
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE intent (
    seq          INTEGER PRIMARY KEY,
    coid         TEXT NOT NULL UNIQUE,
    parent_coid  TEXT REFERENCES intent (coid),
    role         TEXT NOT NULL CHECK (role IN ('entry', 'stop', 'target', 'exit')),
    conid        INTEGER NOT NULL CHECK (conid > 0),
    symbol       TEXT NOT NULL,
    side         TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    order_type   TEXT NOT NULL,
    tif          TEXT NOT NULL,
    quantity     INTEGER NOT NULL CHECK (quantity > 0),
    limit_price  INTEGER CHECK (limit_price > 0),
    stop_price   INTEGER CHECK (stop_price > 0),
    decided      TEXT NOT NULL,
    session      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    created      TEXT NOT NULL,
    state        TEXT NOT NULL,
    order_id     INTEGER,
    filled       INTEGER NOT NULL DEFAULT 0 CHECK (filled >= 0),
    filled_value INTEGER NOT NULL DEFAULT 0,   -- sum of quantity x price of its executions
    provisional  INTEGER NOT NULL DEFAULT 0 CHECK (provisional IN (0, 1)),   -- its order id was found by likeness
    seen_epoch   INTEGER NOT NULL DEFAULT 0,   -- session epoch in which a reading last showed the order id as this one's
    reply_id     TEXT,
    message_ids  TEXT,
    epoch        INTEGER NOT NULL DEFAULT 0,
    sent_at      TEXT,
    unknown_at   TEXT,                  -- since when it is UNKNOWN
    frozen_at    TEXT,
    ended_at     TEXT,                  -- when it became terminal
    detail       TEXT NOT NULL DEFAULT '',
    changed      TEXT NOT NULL
) STRICT;
CREATE INDEX intent_state ON intent (state);
CREATE INDEX intent_order ON intent (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE intent_log (               -- every edge that an intent took
    id     INTEGER PRIMARY KEY,
    coid   TEXT NOT NULL REFERENCES intent (coid),
    state  TEXT NOT NULL,
    detail TEXT NOT NULL,
    at     TEXT NOT NULL
) STRICT;

CREATE TABLE command (                  -- what was asked of the broker: submissions, cancels, modifications
    number       INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('submit', 'cancel', 'modify')),
    coids        TEXT NOT NULL,         -- comma separated
    step         TEXT NOT NULL,         -- what it is a step of
    order_id     INTEGER,
    quantity     INTEGER,
    limit_price  INTEGER,
    stop_price   INTEGER,
    state        TEXT NOT NULL,
    refused_legs INTEGER NOT NULL DEFAULT 0,
    detail       TEXT NOT NULL DEFAULT '',
    epoch        INTEGER NOT NULL,
    sent_at      TEXT NOT NULL,
    changed      TEXT NOT NULL
) STRICT;
CREATE INDEX command_coids ON command (coids);
CREATE INDEX command_sent ON command (sent_at);
CREATE INDEX intent_ended ON intent (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX intent_conid ON intent (conid);

CREATE TABLE wire (                     -- append-only: one ABOUT row before each write, its ANSWER after
    id          INTEGER PRIMARY KEY,
    command     INTEGER REFERENCES command (number),
    about_id    INTEGER REFERENCES wire (id),
    phase       TEXT NOT NULL CHECK (phase IN ('ABOUT', 'ANSWER')),
    coids       TEXT NOT NULL,          -- comma separated
    act         TEXT NOT NULL,
    verb        TEXT NOT NULL,
    path        TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    class       TEXT,
    status      INTEGER,
    body        BLOB,
    epoch       INTEGER NOT NULL,
    at          TEXT NOT NULL
) STRICT;

CREATE TABLE execution (
    execution_id TEXT PRIMARY KEY,
    coid         TEXT NOT NULL REFERENCES intent (coid),
    conid        INTEGER NOT NULL,
    symbol       TEXT NOT NULL,
    side         TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    quantity     INTEGER NOT NULL CHECK (quantity >= 0),   -- 0: it was taken back
    price        INTEGER NOT NULL CHECK (price >= 0),
    commission   INTEGER,
    session      TEXT NOT NULL,
    entry_coid   TEXT REFERENCES intent (coid),   -- entry of the position that this fill opened or changed
    corrected_by TEXT,                  -- the broker's later version of this fill, which counts instead
    at           TEXT NOT NULL,
    doubt        TEXT NOT NULL DEFAULT ''   -- why its price or size makes no sense
) STRICT;
CREATE INDEX execution_coid ON execution (coid);
CREATE INDEX execution_entry ON execution (entry_coid);

CREATE TABLE position (                 -- own shares now; a row goes when they are sold
    conid         INTEGER PRIMARY KEY,
    symbol        TEXT NOT NULL,
    quantity      INTEGER NOT NULL CHECK (quantity > 0),
    entry_session TEXT NOT NULL,
    entry_price   INTEGER NOT NULL,     -- average price of its entry executions
    stop_price    INTEGER NOT NULL,
    target_price  INTEGER NOT NULL,
    entry_coid    TEXT NOT NULL REFERENCES intent (coid)
) STRICT;

CREATE TABLE adjustment (               -- changes of own shares that were no execution of ours
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('manual', 'split', 'correction', 'oversold')),
    conid    INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    ratio    REAL NOT NULL DEFAULT 1,   -- of a split: new shares for each old one; prices were divided by it
    entry_coid TEXT REFERENCES intent (coid),
    reason   TEXT NOT NULL,
    at       TEXT NOT NULL
) STRICT;

CREATE TABLE flow (                     -- money that came or went, and what a person said of it
    number  INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    amount  INTEGER NOT NULL,
    equity  INTEGER NOT NULL,           -- after it
    state   TEXT NOT NULL CHECK (state IN ('unconfirmed', 'confirmed', 'refused')),
    factor  REAL NOT NULL,              -- that peak and prior equity were multiplied by
    peak    REAL,                       -- before it, none where there was none
    prior   REAL,
    changed TEXT,
    actor   TEXT
) STRICT;

CREATE TABLE proof (                    -- readings that speak for something that can't be seen: votes for an absence
    id       INTEGER PRIMARY KEY,
    subject  TEXT NOT NULL,             -- an order's coid, or what else is to be proven
    evidence TEXT NOT NULL,
    at       TEXT NOT NULL
) STRICT;
CREATE INDEX proof_subject ON proof (subject);

CREATE TABLE trade (                    -- closed trades, as in trades.csv
    id            INTEGER PRIMARY KEY,
    entry_coid    TEXT NOT NULL UNIQUE REFERENCES intent (coid),
    symbol        TEXT NOT NULL,
    quantity      INTEGER NOT NULL,
    entry_session TEXT NOT NULL,
    entry_price   INTEGER NOT NULL,
    exit_session  TEXT NOT NULL,
    exit_price    INTEGER NOT NULL,
    exit_reason   TEXT NOT NULL,
    commission    INTEGER NOT NULL,
    pnl           INTEGER NOT NULL,
    doubt         TEXT NOT NULL DEFAULT ''  -- why its result counts nowhere until the broker corrects it
) STRICT;

CREATE TABLE decision (
    session  TEXT PRIMARY KEY,
    at       TEXT NOT NULL,
    equity   INTEGER NOT NULL,
    cash     INTEGER NOT NULL,
    drawdown REAL NOT NULL,
    body     TEXT NOT NULL              -- the Decision as JSON but its verdicts, which are rows of their own
) STRICT;

CREATE TABLE verdict (                  -- what a decision found for one symbol, as JSON
    symbol  TEXT NOT NULL,
    session TEXT NOT NULL REFERENCES decision (session),
    rank    INTEGER NOT NULL,           -- its place in the decision
    body    TEXT NOT NULL,
    PRIMARY KEY (symbol, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_session ON verdict (session);

CREATE TABLE denial (                   -- what our own limits refused, when deciding or before sending
    id          INTEGER PRIMARY KEY,
    stage       TEXT NOT NULL CHECK (stage IN ('decision', 'order')),
    session     TEXT NOT NULL,          -- session that was decided on
    symbol      TEXT NOT NULL,
    code        TEXT NOT NULL,
    value       REAL,
    limit_value REAL,
    detail      TEXT NOT NULL,
    at          TEXT NOT NULL
) STRICT;
CREATE INDEX denial_code ON denial (code);

CREATE TABLE equity (
    session   TEXT PRIMARY KEY,
    equity    INTEGER NOT NULL,
    cash      INTEGER NOT NULL,
    positions INTEGER NOT NULL,
    drawdown  REAL NOT NULL
) STRICT;

CREATE TABLE bar (                      -- daily bars of the universe as last read, for charts; real prices
    symbol  TEXT NOT NULL,
    session TEXT NOT NULL,
    open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL, volume REAL NOT NULL,
    PRIMARY KEY (symbol, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE chart_values (             -- the lines of a strategy's charts at a bar, as JSON by name
    symbol  TEXT NOT NULL,
    session TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (symbol, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE mode_log (                 -- every change of halted, reconciled, the risk latches and the daily loss
    id     INTEGER PRIMARY KEY,
    fact   TEXT NOT NULL CHECK (fact IN ('halt', 'reducing', 'reconciled', 'daily_loss')),
    value  TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor  TEXT NOT NULL,
    at     TEXT NOT NULL
) STRICT;

CREATE TABLE halt (                     -- each cause of a halt; with one that is not acknowledged the mode is HALTED
    id              INTEGER PRIMARY KEY,
    cause           TEXT NOT NULL,
    facts           TEXT NOT NULL,      -- what was seen: the same again is the same halt
    reason          TEXT NOT NULL,
    actor           TEXT NOT NULL,
    since           TEXT NOT NULL,
    acknowledged_at TEXT,
    acknowledged_by TEXT,
    over_at         TEXT                -- the facts hold no longer
) STRICT;
CREATE INDEX halt_cause ON halt (cause, facts);

CREATE TABLE goal (                     -- what a person asked for that takes many turns
    id        INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind IN ('flatten')),
    reason    TEXT NOT NULL,
    actor     TEXT NOT NULL,
    since     TEXT NOT NULL,
    halt_id   INTEGER NOT NULL REFERENCES halt (id),  -- a resume that acknowledges it takes the goal back
    waits_for TEXT NOT NULL DEFAULT '',
    changed   TEXT,                     -- when waits_for changed last
    over_at   TEXT,
    outcome   TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE alert (                    -- what a person has to know, from when it was seen until it was over
    id      INTEGER PRIMARY KEY,
    code    TEXT NOT NULL,
    subject TEXT NOT NULL,
    text    TEXT NOT NULL,
    since   TEXT NOT NULL,
    told_at TEXT,
    over_at TEXT,
    times   INTEGER NOT NULL DEFAULT 0  -- how often it was told
) STRICT;
CREATE INDEX alert_present ON alert (code, subject) WHERE over_at IS NULL;

CREATE TABLE notice (                   -- what people are told of away from the pages, one row each time that it is told
    number     INTEGER PRIMARY KEY,
    topic      TEXT NOT NULL,           -- what it is about: alert 17, halt 3, summary 2014-03-04
    telling    INTEGER NOT NULL,
    code       TEXT NOT NULL,
    text       TEXT NOT NULL,
    urgent     INTEGER NOT NULL CHECK (urgent IN (0, 1)),
    since      TEXT NOT NULL,           -- in the time of the market, as over_at
    over_at    TEXT,
    noticed_at TEXT NOT NULL,           -- in real time, as ended_at
    ended_at   TEXT,
    UNIQUE (topic, telling)
) STRICT;
CREATE INDEX notice_lasting ON notice (topic) WHERE ended_at IS NULL;
CREATE INDEX notice_noticed ON notice (noticed_at);

CREATE TABLE delivery (                 -- how a notice, or its end, fared through a channel
    number   INTEGER NOT NULL REFERENCES notice (number),
    part     TEXT NOT NULL CHECK (part IN ('told', 'over')),
    channel  TEXT NOT NULL,             -- scheme and host: nothing secret
    outcome  TEXT NOT NULL CHECK (outcome IN ('sending', 'sent', 'failed', 'dropped')),
    attempts INTEGER NOT NULL,
    at       TEXT NOT NULL,             -- of the last attempt, in real time
    detail   TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (number, part, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_channel ON delivery (channel, at);
