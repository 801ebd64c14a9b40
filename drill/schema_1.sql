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
    cancel_asked INTEGER NOT NULL DEFAULT 0 CHECK (cancel_asked IN (0, 1)),
    reply_id     TEXT,
    message_ids  TEXT,
    epoch        INTEGER NOT NULL DEFAULT 0,
    sent_at      TEXT,
    frozen_at    TEXT,
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

CREATE TABLE wire (                     -- append-only: one ABOUT row before each write, its ANSWER after
    id          INTEGER PRIMARY KEY,
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
    quantity     INTEGER NOT NULL CHECK (quantity > 0),
    price        INTEGER NOT NULL CHECK (price > 0),
    commission   INTEGER,
    session      TEXT NOT NULL,
    entry_coid   TEXT REFERENCES intent (coid),   -- entry of the position that this fill opened or changed
    corrected_by TEXT,                  -- the broker's later version of this fill, which counts instead
    at           TEXT NOT NULL
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

CREATE TABLE adjustment (
    id       INTEGER PRIMARY KEY,
    conid    INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    ratio    REAL NOT NULL DEFAULT 1,   -- of a split: new shares for each old one; prices were divided by it
    entry_coid TEXT REFERENCES intent (coid),
    reason   TEXT NOT NULL,
    at       TEXT NOT NULL
) STRICT;

CREATE TABLE proof (                    -- reads that did not find an UNKNOWN: votes for its absence
    id       INTEGER PRIMARY KEY,
    coid     TEXT NOT NULL REFERENCES intent (coid),
    evidence TEXT NOT NULL,
    at       TEXT NOT NULL
) STRICT;
CREATE INDEX proof_coid ON proof (coid);

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
    pnl           INTEGER NOT NULL
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

CREATE TABLE broker_order (             -- the order list as last read, for the page
    order_id  INTEGER PRIMARY KEY,
    coid      TEXT,                     -- ours, when bound
    symbol    TEXT NOT NULL,
    side      TEXT NOT NULL,
    order_type TEXT,
    tif       TEXT,
    status    TEXT NOT NULL,
    quantity  REAL NOT NULL,            -- orders of others may be of fractions
    filled    REAL NOT NULL,
    limit_price INTEGER,
    stop_price  INTEGER,
    read_at   TEXT NOT NULL             -- when this state of it was first read
) STRICT;

CREATE TABLE mode_log (                 -- every change of halt, reconciled and the risk latches
    id     INTEGER PRIMARY KEY,
    fact   TEXT NOT NULL CHECK (fact IN ('halt', 'reducing', 'reconciled')),
    value  TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor  TEXT NOT NULL,
    at     TEXT NOT NULL
) STRICT;

CREATE TABLE cycle (                    -- one row a cycle that did something, for the page
    id         INTEGER PRIMARY KEY,
    at         TEXT NOT NULL,
    summary    TEXT NOT NULL,           -- JSON: signals, orders, fills, refusals, duration_s
    error      TEXT
) STRICT;
