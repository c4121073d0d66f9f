// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.all;

import dev.outboxrelay.sink.TransportKind;
import dev.outboxrelay.sink.TransportKind.OptionKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A destination of a webhook or a broker as somebody may write it: drawn from what the transports
 * declare, with a few things at the edge of it and beyond.
 */
final class DrawnDestination {

  private static final List<String> HOSTS =
      List.of("localhost", "127.0.0.1", "[::1]", "10.1.2.3", "LocalHost.");

  private static final List<String> ODD_HOSTS =
      List.of(
          "",
          "[]",
          "[::1",
          "::1",
          "256.1.1.1",
          "010.1.2.3",
          "1.2.3",
          "-a",
          "a-",
          "a..b",
          "a_b",
          "b\u00fc",
          "a b",
          "user@localhost",
          "user:word@localhost",
          "[fe80::1%eth0]",
          "%6c",
          "a\n",
          "x".repeat(64),
          "localhost,",
          ",localhost",
          "[127.0.0.1]",
          "*",
          "\ud83d\ude00");

  private static final List<String> ODD_PORTS =
      List.of("0", "65536", "99999", "100000", "080", "", "-1", " 80", "8o", "\uff18");

  private static final List<String> PATHS =
      List.of("orders", "a.b", "{schema}.{table}", "x-{destination}", "shop_{op}", "%2F", "");

  private static final List<String> ODD_PATHS =
      List.of(
          "/",
          "a/b",
          "a//b",
          "{nothing}",
          "{",
          "}",
          "{table",
          "a..b",
          ".",
          "..",
          "__x",
          "$SYS.a",
          "a.>",
          "*",
          "a b",
          "a\tb",
          "a\n",
          "b\u00fc",
          "a?b=c",
          "a#b",
          "%",
          "%zz",
          "%2",
          "%ff",
          "%00",
          "a\u00a0b",
          "a\\b",
          "a\"b",
          "x".repeat(250),
          "x".repeat(1001),
          "\u0001",
          "+");

  private static final List<String> TEXTS =
      List.of(
          "\"a\"",
          "\"\"",
          "\" \"",
          "\"\\t\"",
          "\"\\u00a0\"",
          "\"b\\u00fc\"",
          "\"{table}\"",
          "\"{nothing}\"",
          "\"a\\nb\"",
          "1",
          "null",
          "[]",
          "{}",
          "true",
          "\"" + "x".repeat(128) + "\"",
          "\"" + "\u00fc".repeat(100) + "\"",
          "\"" + "x".repeat(300) + "\"");

  private static final List<String> SECRETS =
      List.of(
          "{\"secret\":\"shop\"}",
          "{\"secret\":\"a.b-c_1\"}",
          "{\"secret\":\"\"}",
          "{\"secret\":\"../x\"}",
          "{\"secret\":\"a/b\"}",
          "{\"secret\":\".\"}",
          "{\"secret\":\"..\"}",
          "{\"secret\":\".hidden\"}",
          "{\"secret\":1}",
          "{\"secret\":null}",
          "{\"secret\":\"a\",\"more\":1}",
          "{}",
          "\"shop\"",
          "[]",
          "[{\"secret\":\"shop\"}]",
          "{\"secret\":\"b\\u00fc\"}",
          "{\"secret\":\"a b\"}",
          "{\"secret\":\"" + "x".repeat(256) + "\"}",
          "[{\"secret\":\"a\"},{\"secret\":\"b\"}]",
          "[{\"secret\":\"a\"},1]");

  private static final List<String> HEADERS =
      List.of(
          "{\"X-Shop\":\"a\"}",
          "{\"X-Shop\":{\"secret\":\"shop\"}}",
          "{}",
          "[]",
          "\"a\"",
          "1",
          "{\"\":\"a\"}",
          "{\"a b\":\"c\"}",
          "{\"a:\":\"c\"}",
          "{\"a\":\"c\\r\\nd: e\"}",
          "{\"a\":\"b\\u00fc\"}",
          "{\"a\":1}",
          "{\"a\":null}",
          "{\"a\":\"\"}",
          "{\"Host\":\"a\"}",
          "{\"content-length\":\"1\"}",
          "{\"Webhook-Id\":\"1\"}",
          "{\"Content-Type\":\"a/b\"}",
          "{\"transfer-encoding\":\"chunked\"}",
          "{\"Authorization\":\"Basic x\"}",
          "{\"Connection\":\"close\"}",
          "{\"ce-id\":\"1\"}",
          "{\"X-A\":\"1\",\"x-a\":\"2\"}");

  private static final List<String> NUMBERS =
      List.of("1.0", "1.5", "-1", "1e20", "\"1\"", "true", "null", "[]");

  private final Random random;
  private final TransportKind kind;
  private final String uri;
  private final String options;
  private String format = "change";
  private String framing = "ndjson";
  private String ack = "line";

  DrawnDestination(Random random) {
    this.random = random;
    this.kind = Transports.KINDS.get(1 + random.nextInt(Transports.KINDS.size() - 1));
    this.uri = drawUri(one(kind.schemes()));
    this.options = drawOptions();
    switch (random.nextInt(8)) {
      case 0, 1 -> format = one(List.of("td", "cloudevents", "debezium", "payload"));
      case 2 -> framing = one(List.of("length", "raw"));
      case 3 -> ack = one(List.of("close", "none"));
      default -> {}
    }
  }

  private String drawUri(String scheme) {
    StringBuilder text = new StringBuilder(random.nextInt(30) == 0 ? scheme + "x" : scheme);
    text.append(random.nextInt(40) == 0 ? ":/" : "://");
    int hosts = random.nextInt(5) == 0 ? 1 + random.nextInt(12) : 1;
    for (int host = 0; host < hosts; host++) {
      text.append(host == 0 ? "" : ",").append(rarely(HOSTS, ODD_HOSTS, 6));
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3, 4 -> text.append(":").append(1 + random.nextInt(65535));
        case 5 -> text.append(":").append(one(ODD_PORTS));
        default -> {}
      }
    }
    if (random.nextInt(12) > 0) {
      text.append("/").append(rarely(PATHS, ODD_PATHS, 3));
    }
    return text.toString();
  }

  private String drawOptions() {
    if (random.nextInt(30) == 0) {
      return one(List.of("[]", "1", "null", "\"{}\""));
    }
    Map<String, String> members = new LinkedHashMap<>();
    for (int more = random.nextInt(4); more > 0; more--) {
      OptionKind option = one(kind.options());
      members.put(option.name(), value(option));
      if (option.name().equals("user") && random.nextInt(4) > 0) {
        members.put("password", "{\"secret\":\"shop\"}");
      }
    }
    if (random.nextInt(25) == 0) {
      members.put(one(List.of("", "userr", "USER", "tls_caa")), "\"a\"");
    }
    StringBuilder json = new StringBuilder("{");
    members.forEach(
        (name, value) ->
            json.append(json.length() == 1 ? "\"" : ",\"")
                .append(name)
                .append("\":")
                .append(value));
    return json.append("}").toString();
  }

  private String value(OptionKind option) {
    String[] type = option.type().split(" ");
    return switch (type[0]) {
      case "number" -> number(Long.parseLong(type[1]), Long.parseLong(type[2]));
      case "choice" ->
          random.nextInt(4) == 0
              ? one(TEXTS)
              : "\"" + type[1 + random.nextInt(type.length - 1)] + "\"";
      case "secret", "secrets" -> random.nextBoolean() ? SECRETS.get(0) : one(SECRETS);
      case "headers" -> one(HEADERS);
      default -> random.nextBoolean() ? "\"a\"" : one(TEXTS);
    };
  }

  private String number(long least, long most) {
    return switch (random.nextInt(5)) {
      case 0 -> one(NUMBERS);
      case 1 -> Long.toString(least - 1);
      case 2 -> Long.toString(most + 1);
      case 3 -> Long.toString(most);
      default -> Long.toString(least);
    };
  }

  private <T> T rarely(List<T> usual, List<T> odd, int once) {
    return random.nextInt(once) == 0 ? one(odd) : one(usual);
  }

  private <T> T one(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  String uri() {
    return uri;
  }

  String options() {
    return options;
  }

  String format() {
    return format;
  }

  String framing() {
    return framing;
  }

  String ack() {
    return ack;
  }

  @Override
  public String toString() {
    return String.join(" ", uri, options, format, framing, ack);
  }
}
