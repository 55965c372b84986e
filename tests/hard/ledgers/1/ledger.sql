BEGIN TRANSACTION;
CREATE TABLE answer (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	content VARCHAR NOT NULL, 
	"by" VARCHAR NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "answer" VALUES(1,'opening','us fifo 2025-01-01','[
[
"BTC",
"Kraken",
"95641d60c83ce414",
"0.5999"
],
[
"BTC",
"Ledger",
"95641d60c83ce414",
"0.4"
],
[
"ETH",
"Kraken",
"8268371c377c8922",
"6"
],
[
"ETH",
"Kraken",
"8e9931b6030fc062",
"0.123456789012345678"
]
]','report','2026-11-26T09:09:21.660191+00:00');
CREATE TABLE batch (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	at TEXT NOT NULL, 
	program VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "batch" VALUES(1,'file','rows.csv','d25e18f7961fc12960baa830b3f2b2da3a2fe9cf0d62245f1add84bc2c56ab75','2026-11-26T09:09:19.785213+00:00','0.1.0');
INSERT INTO "batch" VALUES(2,'file','prices.csv','1fd54d8af45e6fe142107b635eaf1b2c685d2ab4a6bc6f2ccef10d8c864f64f2','2026-11-26T09:09:19.807942+00:00','0.1.0');
CREATE TABLE cursor (
	account VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	stream VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	PRIMARY KEY (account, source, stream)
);
CREATE TABLE migration (
	version INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	program VARCHAR NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "migration" VALUES(1,'2026-11-26T09:09:18.790497+00:00','0.1.0');
CREATE TABLE parsed (
	account VARCHAR NOT NULL, 
	stamp VARCHAR NOT NULL, 
	last_row INTEGER NOT NULL, 
	issues VARCHAR NOT NULL, 
	balances VARCHAR NOT NULL, 
	prices VARCHAR NOT NULL, 
	PRIMARY KEY (account)
);
INSERT INTO "parsed" VALUES('Kraken','universal/1',10,'[]','[]','[]');
INSERT INTO "parsed" VALUES('Ledger','universal/1',8,'[]','[]','[]');
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
INSERT INTO "price" VALUES(1,'ETH','USD','2500.5',NULL,'2024-08-08','file prices.csv row 2','2026-11-26T09:09:19.807718+00:00',2);
INSERT INTO "price" VALUES(2,'BTC','USD','94000',NULL,'2025-01-10','file prices.csv row 3','2026-11-26T09:09:19.807718+00:00',2);
INSERT INTO "price" VALUES(3,'ETH','USD','3300',NULL,'2025-01-10','file prices.csv row 4','2026-11-26T09:09:19.807718+00:00',2);
INSERT INTO "price" VALUES(4,'BTC','USD','43000',NULL,'2024-02-01','file prices.csv row 5','2026-11-26T09:09:19.807718+00:00',2);
INSERT INTO "price" VALUES(5,'BTC','USD','107000',NULL,'2025-06-30','file prices.csv row 6','2026-11-26T09:09:19.807718+00:00',2);
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
INSERT INTO "raw" VALUES(1,'universal','Kraken','rows','b1',0,'39796817c85e5892d556781039353180','b4f3f4402cc2b7ee13837b6d03e70987',2,'rows.csv row 2','{"Date":"2023-03-01T12:00:00Z","Account":"Kraken","Sent Amount":"20000","Sent Currency":"USD","Received Amount":"1","Received Currency":"BTC","Fee Amount":"50","Fee Currency":"USD","ID":"b1"}',1);
INSERT INTO "raw" VALUES(2,'universal','Kraken','rows','b2',0,'a698e6244a96cf4df0d1c84e175f8ff8','9f7e6f467e0da0fcb76e57b8fc8da20c',3,'rows.csv row 3','{"Date":"2023-09-15T12:00:00Z","Account":"Kraken","Sent Amount":"15000.5","Sent Currency":"USD","Received Amount":"10","Received Currency":"ETH","ID":"b2"}',1);
INSERT INTO "raw" VALUES(3,'universal','Kraken','rows','w1',0,'d5681281b442b1c86e2b2d00aeb25a32','2271b91732495e128becd19b38918ba0',4,'rows.csv row 4','{"Date":"2024-02-01T12:00:00Z","Account":"Kraken","Sent Amount":"0.4","Sent Currency":"BTC","Fee Amount":"0.0001","Fee Currency":"BTC","TxHash":"0xabcdef0123456789","ID":"w1"}',1);
INSERT INTO "raw" VALUES(4,'universal','Ledger','rows','d1',0,'75dc17fcdabbaf18b8f40955b2c70a16','f464b5a5e82471fa521b16141ec9fea0',5,'rows.csv row 5','{"Date":"2024-02-01T12:30:00Z","Account":"Ledger","Received Amount":"0.4","Received Currency":"BTC","TxHash":"0xabcdef0123456789","ID":"d1"}',1);
INSERT INTO "raw" VALUES(5,'universal','Kraken','rows','s1',0,'80738d787f6adb049b4ab1ba6adcc832','f0134d21ae92af800af9df9665c45dbc',6,'rows.csv row 6','{"Date":"2024-05-20T12:00:00Z","Account":"Kraken","Sent Amount":"4","Sent Currency":"ETH","Received Amount":"13000","Received Currency":"USD","Fee Amount":"10","Fee Currency":"USD","ID":"s1"}',1);
INSERT INTO "raw" VALUES(6,'universal','Kraken','rows','r1',0,'ff43d154d56cf7250a5cf6db77f0049b','87561257051acbf0f37a6fea246ae203',7,'rows.csv row 7','{"Date":"2024-08-08T12:00:00Z","Account":"Kraken","Received Amount":"0.123456789012345678","Received Currency":"ETH","Label":"reward","ID":"r1"}',1);
INSERT INTO "raw" VALUES(7,'universal','Kraken','rows','t1',0,'dee826813ee0f16e0774735b9c41d26a','7e5f658a1663fe60eed4b87d967922dc',8,'rows.csv row 8','{"Date":"2025-01-10T12:00:00Z","Account":"Kraken","Sent Amount":"0.25","Sent Currency":"BTC","Received Amount":"6.5","Received Currency":"ETH","ID":"t1"}',1);
INSERT INTO "raw" VALUES(8,'universal','Ledger','rows','s2',0,'a3576d058ff9f7047a0beca6c51ec5be','58b5269f36d2824bee141b9a8be24c09',9,'rows.csv row 9','{"Date":"2025-04-04T12:00:00Z","Account":"Ledger","Sent Amount":"0.1","Sent Currency":"BTC","Received Amount":"8400","Received Currency":"USD","ID":"s2"}',1);
INSERT INTO "raw" VALUES(9,'universal','Kraken','rows','g1',0,'79d0331283dce7804f4fa4a6e806dddf','b1f81e64bc83cbc85a2b5dd468117444',10,'rows.csv row 10','{"Date":"2025-06-30T12:00:00Z","Account":"Kraken","Sent Amount":"0.05","Sent Currency":"BTC","ID":"g1"}',1);
INSERT INTO "raw" VALUES(10,'universal','Kraken','rows','s3',0,'3211b4ad6cefa57d7a2703227c9e6b41','33402a66975c53d7cbbbc75a7a24600f',11,'rows.csv row 11','{"Date":"2025-07-01T12:00:00Z","Account":"Kraken","Sent Amount":"5","Sent Currency":"ETH","Received Amount":"12500.75","Received Currency":"USD","Fee Amount":"12.5","Fee Currency":"USD","ID":"s3"}',1);
CREATE TABLE txn (
	said_by VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	at TEXT NOT NULL, 
	sent_quantity TEXT, 
	sent_asset VARCHAR, 
	received_quantity TEXT, 
	received_asset VARCHAR, 
	fee_quantity TEXT, 
	fee_asset VARCHAR, 
	net_worth_quantity TEXT, 
	net_worth_asset VARCHAR, 
	label VARCHAR, 
	description VARCHAR NOT NULL, 
	txhash VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	source_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	PRIMARY KEY (said_by, number)
);
INSERT INTO "txn" VALUES('Kraken',0,'95641d60c83ce414','Kraken','2023-03-01T12:00:00.000000+00:00','20000','USD','1','BTC','50','USD',NULL,NULL,NULL,'','','universal','b1',2);
INSERT INTO "txn" VALUES('Kraken',1,'8268371c377c8922','Kraken','2023-09-15T12:00:00.000000+00:00','15000.5','USD','10','ETH',NULL,NULL,NULL,NULL,NULL,'','','universal','b2',3);
INSERT INTO "txn" VALUES('Kraken',2,'328ae718280dc3a3','Kraken','2024-02-01T12:00:00.000000+00:00','0.4','BTC',NULL,NULL,'0.0001','BTC',NULL,NULL,NULL,'','0xabcdef0123456789','universal','w1',4);
INSERT INTO "txn" VALUES('Ledger',0,'46c3e1b7cc03078c','Ledger','2024-02-01T12:30:00.000000+00:00',NULL,NULL,'0.4','BTC',NULL,NULL,NULL,NULL,NULL,'','0xabcdef0123456789','universal','d1',5);
INSERT INTO "txn" VALUES('Kraken',3,'b743a0f50c55b9e0','Kraken','2024-05-20T12:00:00.000000+00:00','4','ETH','13000','USD','10','USD',NULL,NULL,NULL,'','','universal','s1',6);
INSERT INTO "txn" VALUES('Kraken',4,'8e9931b6030fc062','Kraken','2024-08-08T12:00:00.000000+00:00',NULL,NULL,'0.123456789012345678','ETH',NULL,NULL,NULL,NULL,'reward','','','universal','r1',7);
INSERT INTO "txn" VALUES('Kraken',5,'905001b5d48ad6bc','Kraken','2025-01-10T12:00:00.000000+00:00','0.25','BTC','6.5','ETH',NULL,NULL,NULL,NULL,NULL,'','','universal','t1',8);
INSERT INTO "txn" VALUES('Ledger',1,'00b2fe8b66730e4c','Ledger','2025-04-04T12:00:00.000000+00:00','0.1','BTC','8400','USD',NULL,NULL,NULL,NULL,NULL,'','','universal','s2',9);
INSERT INTO "txn" VALUES('Kraken',6,'03c7e0b7a81db1a5','Kraken','2025-06-30T12:00:00.000000+00:00','0.05','BTC',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'','','universal','g1',10);
INSERT INTO "txn" VALUES('Kraken',7,'f732db9a564ac043','Kraken','2025-07-01T12:00:00.000000+00:00','5','ETH','12500.75','USD','12.5','USD',NULL,NULL,NULL,'','','universal','s3',11);
CREATE INDEX ix_batch_digest ON batch (digest);
CREATE INDEX answer_key ON answer (kind, "key");
CREATE INDEX ix_txn_id ON txn (id);
CREATE INDEX ix_txn_account ON txn (account);
CREATE UNIQUE INDEX raw_identity ON raw (account, source, stream, source_id, revision);
CREATE TRIGGER "batch_no_update" BEFORE UPDATE ON "batch" BEGIN SELECT RAISE(ABORT, 'batch is append-only'); END;
CREATE TRIGGER "batch_no_delete" BEFORE DELETE ON "batch" BEGIN SELECT RAISE(ABORT, 'batch is append-only'); END;
CREATE TRIGGER "raw_no_update" BEFORE UPDATE ON "raw" BEGIN SELECT RAISE(ABORT, 'raw is append-only'); END;
CREATE TRIGGER "raw_no_delete" BEFORE DELETE ON "raw" BEGIN SELECT RAISE(ABORT, 'raw is append-only'); END;
CREATE TRIGGER "answer_no_update" BEFORE UPDATE ON "answer" BEGIN SELECT RAISE(ABORT, 'answer is append-only'); END;
CREATE TRIGGER "answer_no_delete" BEFORE DELETE ON "answer" BEGIN SELECT RAISE(ABORT, 'answer is append-only'); END;
CREATE TRIGGER "price_no_update" BEFORE UPDATE ON "price" BEGIN SELECT RAISE(ABORT, 'price is append-only'); END;
CREATE TRIGGER "price_no_delete" BEFORE DELETE ON "price" BEGIN SELECT RAISE(ABORT, 'price is append-only'); END;
CREATE TRIGGER "migration_no_update" BEFORE UPDATE ON "migration" BEGIN SELECT RAISE(ABORT, 'migration is append-only'); END;
CREATE TRIGGER "migration_no_delete" BEFORE DELETE ON "migration" BEGIN SELECT RAISE(ABORT, 'migration is append-only'); END;
COMMIT;
PRAGMA application_id = 1952544883;
PRAGMA user_version = 1;
