CREATE TABLE migration (
	version INTEGER NOT NULL,
	at TEXT NOT NULL,
	program VARCHAR NOT NULL,
	PRIMARY KEY (version)
);

CREATE TABLE batch (
	id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	at TEXT NOT NULL,
	program VARCHAR NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX ix_batch_digest ON batch (digest);

CREATE TABLE chain (
	id INTEGER NOT NULL,
	first INTEGER NOT NULL,
	marks BLOB NOT NULL,
	link VARCHAR NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE cursor (
	account VARCHAR NOT NULL,
	source VARCHAR NOT NULL,
	stream VARCHAR NOT NULL,
	text VARCHAR NOT NULL,
	PRIMARY KEY (account, source, stream)
);

CREATE TABLE answer (
	id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	"by" VARCHAR NOT NULL,
	at TEXT NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX answer_key ON answer (kind, "key");

CREATE TABLE filing (
	id INTEGER NOT NULL,
	year VARCHAR NOT NULL,
	at TEXT NOT NULL,
	program VARCHAR NOT NULL,
	why VARCHAR NOT NULL,
	seal VARCHAR NOT NULL,
	content BLOB NOT NULL,
	tables BLOB NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE said (
	account VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	last TEXT NOT NULL,
	seal VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	PRIMARY KEY (account, number)
);

CREATE TABLE parsed (
	account VARCHAR NOT NULL,
	stamp VARCHAR NOT NULL,
	last_row INTEGER NOT NULL,
	issues VARCHAR NOT NULL,
	balances VARCHAR NOT NULL,
	prices VARCHAR NOT NULL,
	seal VARCHAR NOT NULL,
	PRIMARY KEY (account)
);

CREATE TABLE raw (
	id INTEGER NOT NULL,
	source VARCHAR NOT NULL,
	account VARCHAR NOT NULL,
	stream VARCHAR NOT NULL,
	source_id VARCHAR NOT NULL,
	revision INTEGER NOT NULL,
	digest VARCHAR NOT NULL,
	seal VARCHAR NOT NULL,
	position INTEGER NOT NULL,
	origin VARCHAR NOT NULL,
	payload VARCHAR NOT NULL,
	batch INTEGER NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(batch) REFERENCES batch (id)
);

CREATE UNIQUE INDEX raw_identity ON raw (account, source, stream, source_id, revision);

CREATE TABLE price (
	id INTEGER NOT NULL,
	asset VARCHAR NOT NULL,
	currency VARCHAR NOT NULL,
	price TEXT NOT NULL,
	at TEXT,
	day VARCHAR,
	source VARCHAR NOT NULL,
	fetched_at TEXT NOT NULL,
	batch INTEGER NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(batch) REFERENCES batch (id)
);
