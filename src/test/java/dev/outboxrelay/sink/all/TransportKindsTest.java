// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.TransportKind;
import dev.outboxrelay.sink.TransportKind.OptionKind;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the transports declare, the database checks and the reference page are one. */
final class TransportKindsTest {

  @Test
  void options_thatAreDeclared_areThoseThatTheDatabaseTakes() throws SQLException {
    TreeSet<String> declared = new TreeSet<>();
    for (TransportKind kind : Transports.KINDS) {
      for (String scheme : kind.schemes()) {
        for (OptionKind option : kind.options()) {
          declared.add(scheme + " " + option.name() + " " + option.type());
        }
      }
    }
    try (TestDatabase db = TestDatabase.create()) {
      assertEquals(
          declared,
          new TreeSet<>(
              db.query(
                  "select concat_ws(' ', scheme, option, type)"
                      + " from outbox_internal.transport_options()")));
    }
  }

  @Test
  void page_ofTransports_saysWhatIsDeclared() throws Exception {
    String page = Files.readString(Path.of("docs/reference/transports.md"));
    List<String> missing = new ArrayList<>();
    for (TransportKind kind : Transports.KINDS) {
      if (!page.contains(promises(kind))) {
        missing.add(promises(kind));
      }
      for (OptionKind option : kind.options()) {
        String row =
            "| `"
                + option.name()
                + "` | "
                + kind.schemes().stream()
                    .filter(scheme -> !option.secureOnly() || TransportKind.speaksTls(scheme))
                    .reduce((a, b) -> a + ", " + b)
                    .orElse("")
                + " | "
                + option.byDefault()
                + " | "
                + option.help()
                + " |";
        if (!page.contains(row)) {
          missing.add(row);
        }
      }
    }
    assertEquals(List.of(), missing);
  }

  private static String promises(TransportKind kind) {
    String schemes =
        kind.schemes().stream()
            .map(scheme -> "`" + scheme + "://`")
            .collect(Collectors.joining(", "));
    return Stream.of(schemes, kind.order(), kind.framing(), kind.acknowledgement(), kind.deferral())
        .collect(Collectors.joining(" | ", "| ", " |"));
  }

  /** Each is refused when it is saved, and by the transport when it is there all the same. */
  @Test
  void httpDestination_thatMakesNoSense_isRefusedByBoth() throws Exception {
    Map<String, String> rows = new TreeMap<>();
    for (String options :
        List.of(
            "{\"headers\":{\"Host\":\"other\"}}",
            "{\"headers\":{\"webhook-id\":\"1\"}}",
            "{\"headers\":{\"ce-id\":\"1\"}}",
            "{\"headers\":{\"X\":\"a\\nY: b\"}}",
            "{\"headers\":{\"X\":\" a\"}}",
            "{\"headers\":{\"X\":\"\"}}",
            "{\"headers\":{\"X Y\":\"a\"}}",
            "{\"headers\":{\"Authorization\":\"plain\"}}",
            "{\"headers\":{\"X\":{\"secret\":\"../a\"}}}",
            "{\"headers\":{\"X\":{\"secret\":\"a.hosts\"}}}",
            "{\"headers\":{\"X\":{\"secret\":\"a\",\"b\":1}}}",
            "{\"headers\":{\"X\":{}}}",
            "{\"headers\":{\"X\":1}}",
            "{\"headers\":[]}",
            "{\"signing_secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}",
            "{\"signing_secret\":[]}",
            "{\"signing_secret\":[{\"secret\":\"a\"},\"b\"]}",
            "{\"connections\":0}",
            "{\"connections\":65}",
            "{\"connections\":\"8\"}",
            "{\"batch\":1001}",
            "{\"batch\":1.5}",
            "{\"cloudevents_mode\":\"none\"}",
            "{\"cloudevents_mode\":\"binary\"}",
            "{\"tls_ca\":\"/a\"}",
            "{\"idle_timeout_ms\":0}",
            "{\"follow\":true}")) {
      rows.put(options, "http://h/x");
    }
    List<String> uris =
        List.of(
            "http://h:0",
            "http://h:70000/a",
            "http://user@h/",
            "http://u:p@h/",
            "http://h/a b",
            "http://h/#f",
            "http://",
            "http:///x",
            "http://h?x=1",
            "http://..",
            "http://1.2.3/x",
            "http://[::1",
            "http://[fe80::1%25eth0]/",
            "http://h/\u00e4",
            "http://h/a\r\nX: y",
            "HTTP://h/");
    List<String> taken = new ArrayList<>();
    try (TestDatabase db = TestDatabase.create();
        Transport transport = Transports.open(1, (host, address) -> false, Secrets.NONE)) {
      for (Map.Entry<String, String> row : rows.entrySet()) {
        check(db, transport, row.getValue(), row.getKey(), taken);
      }
      for (String uri : uris) {
        check(db, transport, uri, "{}", taken);
      }
      assertEquals(List.of(), taken);
      for (String uri :
          List.of(
              "http://h", "https://h:8443/a?b=c&d=%20", "http://[::1]:80/", "http://10.0.0.1/")) {
        assertEquals(
            "", save(db, uri, "{\"tls_ca\":\"/a\"}".repeat(uri.startsWith("https") ? 1 : 0)));
        assertTrue(
            said(transport, uri, "{}").contains("may connect to")
                || said(transport, uri, "{}").contains("name is not known"),
            uri);
      }
      assertEquals(
          "",
          save(
              db,
              "https://h/",
              "{\"headers\":{\"X-Key\":{\"secret\":\"k\"},\"X-Shop\":\"n\"},\"signing_secret\":"
                  + "[{\"secret\":\"a\"},{\"secret\":\"b\"}],\"batch\":100,\"connections\":2}"));
    }
  }

  /** Each is refused when it is saved, and by the transport when it is there all the same. */
  @Test
  void natsDestination_thatMakesNoSense_isRefusedByBoth() throws Exception {
    List<String> taken = new ArrayList<>();
    try (TestDatabase db = TestDatabase.create();
        Transport transport = Transports.open(1, (host, address) -> false, Secrets.NONE)) {
      for (String options :
          List.of(
              "{\"user\":\"a\"}",
              "{\"password\":{\"secret\":\"a\"}}",
              "{\"password\":\"MfKQ9r8\",\"user\":\"a\"}",
              "{\"token\":\"MfKQ9r8\"}",
              "{\"token\":[{\"secret\":\"a\"}]}",
              "{\"token\":{\"secret\":\"a\"},\"credentials\":{\"secret\":\"b\"}}",
              "{\"cloudevents_mode\":\"binary\"}",
              "{\"tls_ca\":\"/a\"}",
              "{\"headers\":{}}",
              "{\"idle_timeout_ms\":5}")) {
        check(db, transport, "nats://10.0.0.1/shop", options, taken);
      }
      for (String uri :
          List.of(
              "nats://h",
              "nats://h/",
              "nats:///a",
              "nats://h:0/a",
              "nats://h:65536/a",
              "nats://h:70000/a",
              "nats://u@h/a",
              "nats://u:p@h/a",
              "nats://h,/a",
              "nats://,h/a",
              "nats://h,,i/a",
              "nats://h:1,i:x/a",
              "nats://1.2.3/a",
              "nats://h,1.2.3/a",
              "nats://[::1/a",
              "nats://[fe80::1%25eth0]/a",
              "nats://h/a.*",
              "nats://h/>",
              "nats://h/.a",
              "nats://h/a..b",
              "nats://h/a.",
              "nats://h/$JS.API.STREAM.DELETE.a",
              "nats://h/a b",
              "nats://h/a{b}",
              "nats://h/{tables}",
              "nats://h/{table",
              "tls+tcp://h:1",
              "NATS://h/a")) {
        check(db, transport, uri, "{}", taken);
      }
      assertEquals(List.of(), taken);
      for (String uri :
          List.of(
              "nats://10.0.0.1/a",
              "nats://10.0.0.1:4223,[::1]:65535/a.{schema}.{table}",
              "tls+nats://10.0.0.1,10.0.0.2/{destination}-{op}.{type}.{key}")) {
        assertEquals("", save(db, uri, "{\"token\":{\"secret\":\"t\"}}"));
        String said = said(transport, uri, "{}");
        assertTrue(said.contains("may connect to"), said);
      }
    }
  }

  /** Java holds no certificate against such a name, and the libraries ask nobody else. */
  @Test
  void brokerOverTls_whoseNameHasAnUnderscore_isRefusedByBoth() throws Exception {
    List<String> taken = new ArrayList<>();
    try (TestDatabase db = TestDatabase.create();
        Transport transport = Transports.open(1, (host, address) -> false, Secrets.NONE)) {
      for (String scheme : List.of("amqps", "tls+nats", "tls+kafka")) {
        check(db, transport, scheme + "://my_host/a", "{}", taken);
        check(db, transport, scheme + "://10.0.0.1,a.my_host:99/a", "{}", taken);
        check(db, transport, scheme + "://h/a", "{\"tls_server_name\":\"my_host\"}", taken);
      }
      assertEquals(List.of(), taken);
      for (String uri :
          List.of("amqp://my_host/a", "nats://my_host/a", "kafka://my_host/a", "tcp://my_host:1")) {
        assertEquals("", save(db, uri, "{}"));
      }
      for (String scheme : List.of("amqps", "tls+nats", "tls+kafka", "https")) {
        String named = "{\"tls_server_name\":\"a.b\"}";
        assertEquals("", save(db, scheme + "://my_host/a_b", named));
        assertEquals("", save(db, scheme + "://my.host/a_b", "{}"));
        String said = said(transport, scheme + "://my_host/a_b", named);
        assertTrue(said.contains("not known") || said.contains("may connect to"), said);
      }
      assertEquals("", save(db, "tls://my_host:1", "{}"));
    }
  }

  /** Each is refused when it is saved, and by the transport when it is there all the same. */
  @Test
  void amqpDestination_thatMakesNoSense_isRefusedByBoth() throws Exception {
    List<String> taken = new ArrayList<>();
    try (TestDatabase db = TestDatabase.create();
        Transport transport = Transports.open(1, (host, address) -> false, Secrets.NONE)) {
      for (String options :
          List.of(
              "{\"user\":\"a\"}",
              "{\"password\":{\"secret\":\"a\"}}",
              "{\"password\":\"MfKQ9r8\",\"user\":\"a\"}",
              "{\"token\":{\"secret\":\"a\"}}",
              "{\"cloudevents_mode\":\"structured\"}",
              "{\"exchange\":\"" + "e".repeat(128) + "\"}",
              "{\"exchange\":\"\"}",
              "{\"routing_key\":\"{tables}\"}",
              "{\"routing_key\":\"{table\"}",
              "{\"routing_key\":\"" + "r".repeat(256) + "\"}",
              "{\"tls_ca\":\"/a\"}")) {
        check(db, transport, "amqp://10.0.0.1/shop", options, taken);
      }
      for (String uri :
          List.of(
              "amqp://",
              "amqp:///a",
              "amqp://h:0",
              "amqp://u:p@h",
              "amqp://h/a/b",
              "amqp://h/%2")) {
        check(db, transport, uri, "{}", taken);
      }
      assertEquals(List.of(), taken);
      for (String uri :
          List.of("amqp://10.0.0.1", "amqp://10.0.0.1,[::1]:1/", "amqps://10.0.0.1/%2Fa")) {
        assertEquals(
            "",
            save(
                db,
                uri,
                "{\"exchange\":\"e\",\"routing_key\":\"{schema}.{key}\",\"user\":\"a\","
                    + "\"password\":{\"secret\":\"p\"}}"));
        String said = said(transport, uri, "{}");
        assertTrue(said.contains("may connect to"), said);
      }
    }
  }

  /** Each is refused when it is saved, and by the transport when it is there all the same. */
  @Test
  void kafkaDestination_thatMakesNoSense_isRefusedByBoth() throws Exception {
    List<String> taken = new ArrayList<>();
    try (TestDatabase db = TestDatabase.create();
        Transport transport = Transports.open(1, (host, address) -> false, Secrets.NONE)) {
      for (String options :
          List.of(
              "{\"user\":\"a\"}",
              "{\"password\":{\"secret\":\"a\"}}",
              "{\"password\":\"MfKQ9r8\",\"user\":\"a\"}",
              "{\"token\":{\"secret\":\"a\"}}",
              "{\"sasl_mechanism\":\"PLAIN\"}",
              "{\"sasl_mechanism\":\"GSSAPI\",\"user\":\"a\",\"password\":{\"secret\":\"p\"}}",
              "{\"sasl_mechanism\":1,\"user\":\"a\",\"password\":{\"secret\":\"p\"}}",
              "{\"compression\":\"brotli\"}",
              "{\"cloudevents_mode\":\"binary\"}",
              "{\"acks\":\"1\"}",
              "{\"sasl.jaas.config\":\"a\"}",
              "{\"tls_ca\":\"/a\"}")) {
        check(db, transport, "kafka://10.0.0.1/shop", options, taken);
      }
      for (String uri :
          List.of(
              "kafka://h",
              "kafka://h/",
              "kafka:///a",
              "kafka://h:0/a",
              "kafka://u:p@h/a",
              "kafka://h,/a",
              "kafka://h/.",
              "kafka://h/..",
              "kafka://h/a/b",
              "kafka://h/__consumer_offsets",
              "kafka://h/a b",
              "kafka://h/{tables}",
              "kafka://h/{table",
              "kafka://h/" + "t".repeat(250),
              "kafka+tls://h/a",
              "Kafka://h/a")) {
        check(db, transport, uri, "{}", taken);
      }
      assertEquals(List.of(), taken);
      for (String uri :
          List.of(
              "kafka://10.0.0.1/a",
              "kafka://10.0.0.1:9093,[::1]:65535/a.{schema}.{table}",
              "tls+kafka://10.0.0.1,10.0.0.2/{destination}-{op}.{type}_{key}",
              "kafka://10.0.0.1/" + "t".repeat(249))) {
        assertEquals(
            "",
            save(
                db,
                uri,
                "{\"user\":\"a\",\"password\":{\"secret\":\"p\"},\"compression\":\"zstd\","
                    + "\"sasl_mechanism\":\"PLAIN\"}"));
        String said = said(transport, uri, "{}");
        assertTrue(said.contains("may connect to"), said);
      }
    }
  }

  private static void check(
      TestDatabase db, Transport transport, String uri, String options, List<String> taken)
      throws SQLException {
    if (save(db, uri, options).isEmpty()) {
      taken.add("saved: " + uri + " " + options);
    }
    String said = said(transport, uri, options);
    if (said.contains("may connect to") || said.contains("name is not known")) {
      taken.add("taken: " + uri + " " + options + ": " + said);
    }
  }

  private static int saved;

  private static String save(TestDatabase db, String uri, String options) throws SQLException {
    try {
      db.execute(
          "insert into outbox.destination (name, uri, options) values ('d"
              + ++saved
              + "', '"
              + uri
              + "', '"
              + (options.isEmpty() ? "{}" : options)
              + "')");
      return "";
    } catch (SQLException e) {
      assertEquals("23514", e.getSQLState(), () -> uri + " " + options + ": " + e);
      assertTrue(!String.valueOf(e.getMessage()).contains("MfKQ9r8"), "a secret is not shown");
      return String.valueOf(e.getMessage());
    }
  }

  private static String said(Transport transport, String uri, String options) {
    RecordedSink heard = new RecordedSink();
    try {
      transport.connect(Destinations.at(uri, Framing.NDJSON, Ack.LINE, options), heard);
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage());
    }
    return heard.awaitClosed(Fault.UNREACHABLE);
  }

  @Test
  void uri_ofNoTransport_isRefusedInWords() {
    try (Transport transport = Transports.open(1, AddressPolicy.ANY, Secrets.NONE)) {
      String said = said(transport, "ftp://h/", "{}");
      assertTrue(
          said.contains(
              "this relay knows amqp, amqps, http, https, kafka, nats, tcp, tls, tls+kafka, tls+nats"),
          said);
    }
  }
}
