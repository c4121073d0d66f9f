// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Lines;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/** A database in which every transaction is serializable unless it says otherwise. */
final class SerializableTest {
  /** PostgreSQL cancels a writer between whom and another a serializable reader has looked. */
  @Test
  void writers_whileTheRelayReads_areNotCancelled() throws Exception {
    Lines lines = new Lines();
    try (TestDatabase db = TestDatabase.create();
        Receiver receiver = Receiver.start(ReceiverOptions.DEFAULTS, lines)) {
      db.execute(
          "alter database " + db.name() + " set default_transaction_isolation = 'serializable'",
          "insert into outbox.destination (name, uri) values ('out', 'tcp://127.0.0.1:"
              + receiver.port()
              + "')",
          "create table account (id int primary key, amount int)",
          "insert into account values (1, 0)",
          "create table entry (id int primary key)",
          "select outbox.capture('entry', 'out')");
      try (RunningRelay relay = RunningRelay.start(db);
          Connection reader = db.connect();
          Statement s = reader.createStatement()) {
        reader.setAutoCommit(false);
        for (int round = 0; round < 5; round++) {
          s.executeQuery("select amount from account").close();
          s.execute("insert into entry values (" + (10 + round) + ")");
          db.execute("update account set amount = amount + 1");
          db.execute("insert into entry values (" + (100 + round) + ")");
          received(lines, 2 * round + 1); // the relay has read what came after the update
          reader.commit();
          received(lines, 2 * round + 2);
        }
      }
    }
  }

  private static void received(Lines lines, int count) throws Exception {
    Await.until(count + " lines", () -> lines.count() >= count);
  }
}
