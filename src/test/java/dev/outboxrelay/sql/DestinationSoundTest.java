package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DestinationSoundTest {

  private static TestDatabase db;

  @BeforeAll
  static void create() throws SQLException {
    db = TestDatabase.create();
  }

  @AfterAll
  static void drop() throws SQLException {
    db.close();
  }

  @ParameterizedTest
  @CsvSource({
    "change, ndjson, line", "change, ndjson, close", "change, ndjson, none",
    "change, length, line", "change, length, close", "change, length, none",
    "change, raw, close", "change, raw, none", "payload, ndjson, close",
    "payload, length, none", "payload, raw, close", "td, raw, none",
    "cloudevents, ndjson, line", "debezium, length, line"
  })
  void pair_thatGoesTogether_isSaved(String format, String framing, String ack) throws Exception {
    save(format, framing, ack, "{}");
  }

  @ParameterizedTest
  @CsvSource({
    "change, raw, line, framing 'raw' goes with ack 'close' or 'none'",
    "payload, raw, line, framing 'raw' goes with ack 'close' or 'none'",
    "payload, ndjson, line, format 'payload' goes with ack 'close' or 'none'",
    "payload, length, line, format 'payload' goes with ack 'close' or 'none'"
  })
  void pair_thatDoesNotGoTogether_isRefused(
      String format, String framing, String ack, String words) {
    assertRefused(() -> save(format, framing, ack, "{}"), words.replace("''", "'"));
  }

  @Test
  void options_thatAreSound_areSaved() throws Exception {
    save("change", "ndjson", "line", "{\"tls_ca\":\"/a\",\"tls_cert\":\"/b\",\"tls_key\":\"/c\"}");
    save("change", "ndjson", "line", "{\"tls_server_name\":\"x\",\"idle_timeout_ms\":60000}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"tls_caa\":\"/a\"} | options have 'tls_caa'",
        "{\"tls_ca\":7} | option 'tls_ca' has no sound value",
        "{\"tls_ca\":\" \"} | option 'tls_ca' has no sound value",
        "{\"idle_timeout_ms\":0} | option 'idle_timeout_ms' has no sound value",
        "{\"idle_timeout_ms\":1.5} | option 'idle_timeout_ms' has no sound value",
        "{\"idle_timeout_ms\":86400001} | option 'idle_timeout_ms' has no sound value",
        "{\"idle_timeout_ms\":\"5\"} | option 'idle_timeout_ms' has no sound value",
        "{\"tls_cert\":\"/b\"} | options need tls_cert and tls_key together",
        "[] | destination_options_check"
      },
      quoteCharacter = '`')
  void options_thatAreNonsense_areRefused(String options, String words) {
    assertRefused(() -> save("change", "ndjson", "line", options), words);
  }

  @Test
  void update_toWhatDoesNotGoTogether_isRefused() throws Exception {
    String name = save("change", "raw", "close", "{}");
    assertRefused(
        () -> db.execute("update outbox.destination set ack = 'line' where name = '" + name + "'"),
        "framing 'raw'");
    assertEquals(
        "close", db.query("select ack from outbox.destination where name = '" + name + "'").get(0));
  }

  private interface Statement {
    void run() throws SQLException;
  }

  private static void assertRefused(Statement statement, String words) {
    SQLException refused = assertThrows(SQLException.class, statement::run);
    assertEquals("23514", refused.getSQLState());
    assertTrue(String.valueOf(refused.getMessage()).contains(words), refused::getMessage);
  }

  private static String save(String format, String framing, String ack, String options)
      throws SQLException {
    String name = "d" + System.nanoTime();
    db.execute(
        "insert into outbox.destination (name, uri, format, framing, ack, options) values ('"
            + String.join("','", name, "tcp://h:1", format, framing, ack, options)
            + "')");
    return name;
  }
}
