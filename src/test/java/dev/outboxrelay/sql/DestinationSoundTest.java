// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    saveTls("{\"tls_ca\":\"/a\",\"tls_cert\":\"/b\",\"tls_key\":\"/c\"}");
    saveTls("{\"tls_server_name\":\"x\",\"idle_timeout_ms\":60000}");
    save("change", "length", "none", "{\"idle_timeout_ms\":1}");
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
        "{\"idle_timeout_ms\":1.0} | option 'idle_timeout_ms' has no sound value",
        "{\"idle_timeout_ms\":-1} | option 'idle_timeout_ms' has no sound value",
        "{\"idle_timeout_ms\":1e40} | option 'idle_timeout_ms' has no sound value",
        "{\"tls_ca\":\"/a\"} | options for TLS, and a uri that begins with tcp://",
        "{\"tls_server_name\":\"a\"} | options for TLS, and a uri that begins with tcp://",
        "{\"idle_timeout_ms\":86400001} | option 'idle_timeout_ms' has no sound value",
        "{\"idle_timeout_ms\":\"5\"} | option 'idle_timeout_ms' has no sound value",
        "{\"tls_server_name\":\"a b\"} | the host 'a b' is not a host name",
        "{\"tls_server_name\":\"[::1]\"} | the host '[[::1]]' is not an IPv6 address",
        "{\"tls_cert\":\"/b\"} | options need tls_cert and tls_key together",
        "[] | destination_options_check"
      },
      quoteCharacter = '`')
  void options_thatAreNonsense_areRefused(String options, String words) {
    assertRefused(() -> save("change", "ndjson", "line", options), words);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {"ndjson | close | ack 'close'", "raw | none | framing 'raw'"})
  void idleTimeout_whereConnectionsDoNotStay_isRefused(String framing, String ack, String words) {
    assertRefused(() -> save("change", framing, ack, "{\"idle_timeout_ms\":5}"), words);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp://queue.example.com:4000",
        "tls://Queue-1.example.com.:65535",
        "tcp://my_service:1",
        "tcp://10.1.2.3:1",
        "tcp://[::1]:1",
        "tls://[2001:db8::7]:4000",
        "tls://my_host:9702",
        "tcp://[64:ff9b::10.1.2.3]:1",
        "tcp://[::ffff:10.1.2.3]:1"
      })
  void uri_thatIsSound_isSavedAndUnderstood(String uri) throws Exception {
    saveUri(uri, "{}");
    assertEquals("", refusal(uri));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp://[:::::]:1",
        "tcp://[%%%]:1",
        "tcp://[fe80::1%eth0]:1",
        "tcp://[fe80::1%2]:1",
        "tcp://[1.2.3.4]:1",
        "tcp://[1:2]:1",
        "tcp://[::ffff:1.2.3]:1",
        "tcp://256.1.1.1:1",
        "tcp://010.1.2.3:1",
        "tcp://1.2.3:1",
        "tcp://1.2.3.4.:1",
        "tcp://0x7f.1:1",
        "tcp://..:1",
        "tcp://.a:1",
        "tcp://a..b:1",
        "tcp://-a:1",
        "tcp://a-:1",
        "tcp://a\u0001b:1",
        "tcp://a\u00a0b:1",
        "tcp://b\u00fccher.example:1",
        "tcp://a%20b:1",
        "tcp://a'b:1",
        "tcp://h:0",
        "tcp://h:65536",
        "http://u@h:1",
        "http://h:70000",
        "http:/h",
        "https://h/#x",
        "tcp://h:1\n"
      })
  void uri_thatIsNonsense_isRefusedHereAndByTheRelay(String uri) {
    assertRefused(() -> saveUri(uri, "{}"), "destination");
    assertTrue(refusal(uri).contains("uri is"), () -> refusal(uri));
  }

  @Test
  void uri_ofANameThatIsTooLong_isRefused() {
    String uri = "tcp://" + "a.".repeat(130) + ":1";
    assertRefused(() -> saveUri(uri, "{}"), "is not a host name");
    assertTrue(refusal(uri).contains("need a host name"), () -> refusal(uri));
  }

  /** What the relay says, when it is not that the address is not allowed. */
  private static String refusal(String uri) {
    RecordedSink heard = new RecordedSink();
    try (TcpTransport transport = new TcpTransport(1, (host, address) -> false)) {
      transport.connect(Destinations.at(uri, Framing.NDJSON, Ack.LINE, "{}"), heard);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      return reason.contains("uri is") ? reason : "";
    }
  }

  @Test
  void update_ofTheUriAlone_isLookedAt() throws Exception {
    String name = saveTls("{\"tls_ca\":\"/a\"}");
    for (String uri : new String[] {"tcp://h:1", "tls://..:1"}) {
      assertRefused(
          () ->
              db.execute(
                  "update outbox.destination set uri = '" + uri + "' where name = '" + name + "'"),
          "destination");
    }
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
    return save("tcp://h:1", format, framing, ack, options);
  }

  private static String saveTls(String options) throws SQLException {
    return saveUri("tls://h:1", options);
  }

  private static String saveUri(String uri, String options) throws SQLException {
    return save(uri, "change", "ndjson", "line", options);
  }

  private static String save(String uri, String format, String framing, String ack, String options)
      throws SQLException {
    String name = "d" + System.nanoTime();
    db.execute(
        "insert into outbox.destination (name, uri, format, framing, ack, options) values ('"
            + String.join("','", name, uri.replace("'", "''"), format, framing, ack, options)
            + "')");
    return name;
  }
}
