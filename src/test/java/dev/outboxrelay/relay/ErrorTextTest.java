package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a receiver gives as its reason need not be what a database can store. */
final class ErrorTextTest {

  @Test
  void reason_ofAnyCharacters_isStoredWithoutThoseThatCannotBe() throws Exception {
    String nul = "\\u0000";
    String pair = "\\ud83d\\ude00";
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver receiver =
            ScriptedReceiver.start(
                line ->
                    line.sequence() == 1
                        ? Reply.nackForGood("a" + nul + "bc" + pair + "d")
                        : Reply.raw("{\"hello" + nul + "\":1}\n"));
        RunningRelay relay = RunningRelay.start(db)) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('out', '" + receiver.uri() + "')",
          "select outbox.publish('out', '{}')");
      Await.until("failed", () -> db.count("select failed from outbox.status") == 1);
      assertEquals(List.of("abc\ud83d\ude00d"), db.query("select last_error from outbox.failed"));
      db.execute("select outbox.publish('out', '{}')");
      Await.until(
          "reported", () -> db.query("select last_error from outbox.status").get(0) != null);
    }
  }
}
