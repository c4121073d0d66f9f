// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code outbox.destination} as somebody may write it: sound, but for a few columns that
 * were drawn from what is at the edge and beyond.
 */
final class DrawnSettings {

  private static final List<String> NUMBERS =
      List.of(
          "-2147483648", "-1", "0", "1", "100000", "100001", "1000000", "1000001", "2147483647");

  private static final List<String> INTERVALS =
      List.of(
          "-1 second",
          "0",
          "0.4 milliseconds",
          "1 millisecond",
          "1.4 milliseconds",
          "10 milliseconds",
          "1 hour",
          "1 hour 1 microsecond",
          "1 day",
          "24 hours 1 microsecond",
          "1 month -29 days",
          "1 month",
          "30 days",
          "31 days",
          "100 years",
          "1200 months 1 day",
          "-1 month 30 days",
          "178000000 years",
          "-178000000 years",
          "infinity");

  private static final List<String> TEXTS =
      List.of(
          "/etc/ca.pem", "", " ", "\\t", "\\u00a0", "\\u2003", "\\u0000", "b\\u00fc", "\\ud800");

  private static final List<String> MILLIS =
      List.of(
          "0",
          "1",
          "86400000",
          "86400001",
          "1e3",
          "1000.0",
          "1.5",
          "-1",
          "1e20",
          "\"1000\"",
          "true");

  private final Map<String, @Nullable String> columns = new LinkedHashMap<>();
  private final Random random;
  private final DrawnUri uris;
  private boolean onlyForTheTransport = true;

  DrawnSettings(Random random, int number) {
    this.random = random;
    this.uris = new DrawnUri(random);
    columns.put("id", Integer.toString(number));
    columns.put("name", "d" + number);
    columns.put("uri", uris.draw());
    columns.put("options", "{}");
    columns.put("format", "change");
    columns.put("framing", "ndjson");
    columns.put("ack", "line");
    for (int more = random.nextInt(3); more > 0; more--) {
      oddColumn();
    }
  }

  private void oddColumn() {
    switch (random.nextInt(9)) {
      case 0, 1, 2 -> columns.put("options", options());
      case 3 -> columns.put("format", one("change", "td", "cloudevents", "debezium", "payload"));
      case 4 -> columns.put("framing", one("ndjson", "length", "raw"));
      case 5 -> columns.put("ack", one("line", "close", "none"));
      case 6 -> odd(one("max_attempts", "max_in_flight", "id"), NUMBERS);
      case 7 ->
          odd(
              one("retry_initial", "retry_max", "ack_timeout", "connect_timeout", "keep_delivered"),
              INTERVALS);
      default ->
          odd(
              one("format", "framing", "ack", "ordering", "on_failure", "name"),
              List.of(
                  "CHANGE", "xml", "", "none", "hold", "skip", "key", "b\u00fc", "a".repeat(64)));
    }
  }

  private void odd(String column, List<String> values) {
    onlyForTheTransport = false;
    columns.put(column, one(values));
  }

  private String options() {
    if (random.nextInt(12) == 0) {
      return one("[]", "1", "null", "\"{}\"", "{");
    }
    Map<String, String> members = new LinkedHashMap<>();
    for (int more = 1 + random.nextInt(3); more > 0; more--) {
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> members.put("tls_server_name", text(uris.host()));
        case 3 -> members.put("idle_timeout_ms", one(MILLIS));
        case 4 -> members.put("tls_ca", quoted(one(TEXTS)));
        case 5 -> {
          members.put("tls_cert", quoted(one(TEXTS)));
          members.put("tls_key", quoted(one(TEXTS)));
        }
        case 6 -> members.put(one("tls_cert", "tls_caa", "TLS_CA", ""), quoted("/a"));
        default -> members.put(one("tls_ca", "tls_server_name"), one("1", "null", "[]", "{}"));
      }
    }
    StringBuilder json = new StringBuilder();
    members.forEach(
        (name, value) ->
            json.append(json.isEmpty() ? "{" : ",").append(quoted(name)).append(":").append(value));
    return json.append("}").toString();
  }

  /** A text as JSON, with every character that is not plain written as an escape. */
  private static String text(String plain) {
    StringBuilder json = new StringBuilder();
    for (char c : plain.toCharArray()) {
      boolean bare = c > ' ' && c < 127 && c != '"' && c != '\\';
      json.append(bare ? Character.toString(c) : String.format("\\u%04x", (int) c));
    }
    return quoted(json.toString());
  }

  private static String quoted(String json) {
    return "\"" + json + "\"";
  }

  private String one(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private String one(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  Map<String, @Nullable String> columns() {
    return columns;
  }

  String column(String name) {
    return String.valueOf(columns.get(name));
  }

  /** Whether all that is odd is what the transport itself looks at. */
  boolean onlyForTheTransport() {
    return onlyForTheTransport;
  }

  @Override
  public String toString() {
    return columns.toString();
  }
}
