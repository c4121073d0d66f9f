// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.WireId;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What docs/reference/protocol.md says of a single message, as rules: throws at the first that is
 * broken.
 */
final class MessageRules {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern AT =
      Pattern.compile("\\d{4,6}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
  private static final Pattern DIGITS = Pattern.compile("\\d{1,20}");
  private static final Set<String> WITH_NEW = Set.of("insert", "update", "read", "message");
  private static final Set<String> ROWS = Set.of("insert", "update", "read", "delete");

  /** What each envelope says in any case. */
  private static final Map<Format, List<String>> ALWAYS =
      Map.of(
          Format.CHANGE,
          List.of("id", "epoch", "attempt", "op", "key", "tx", "at"),
          Format.TD,
          List.of("id", "epoch", "attempt", "event", "when", "level", "new", "old"),
          Format.CLOUDEVENTS,
          List.of("specversion", "id", "source", "type", "time", "tx", "epoch", "attempt"),
          Format.DEBEZIUM,
          List.of("source", "op", "ts_ms"),
          Format.PAYLOAD,
          List.of());

  private final Format format;

  MessageRules(Format format) {
    this.format = format;
  }

  /** The message breaks a rule. */
  static final class Broken extends Exception {
    private static final long serialVersionUID = 1L;

    Broken(String message) {
      super(message);
    }
  }

  /** What the message says, in every format's own place; the payload alone has none of it. */
  CheckedMessage read(CheckEvent.Arrived arrived) throws Broken {
    if (format == Format.PAYLOAD) {
      parse(arrived.body());
      return new CheckedMessage(arrived, Map.of(), "", 0, 0, "");
    }
    Map<String, JsonNode> members = members(arrived.body());
    for (String name : ALWAYS.get(format)) {
      need(members.containsKey(name), "member '" + name + "' is missing");
    }
    Map<String, JsonNode> places = format == Format.DEBEZIUM ? source(members) : members;
    String id = text(places, "id");
    need(WireId.parse(id) != null, "id is '" + id + "', not like 1042-kx3d9a2b1c");
    long epoch = number(places, "epoch");
    long attempt = number(places, "attempt");
    need(attempt >= 1, "attempt is " + attempt);
    String gate = "";
    if (format == Format.CHANGE) {
      change(members);
      gate = gate(members);
    }
    return new CheckedMessage(arrived, members, id, epoch, attempt, gate);
  }

  private static void change(Map<String, JsonNode> members) throws Broken {
    need(members.keySet().iterator().next().equals("id"), "id is not the first member");
    String op = text(members, "op");
    boolean known = ROWS.contains(op) || op.equals("truncate") || op.equals("message");
    need(known, "op is '" + op + "'");
    JsonNode key = members.get("key");
    need(key.isTextual() || key.isNull(), "key is neither a string nor null");
    need(DIGITS.matcher(text(members, "tx")).matches(), "tx is not digits");
    need(AT.matcher(text(members, "at")).matches(), "at is '" + text(members, "at") + "'");
    if (!op.equals("message")) {
      text(members, "schema");
      text(members, "table");
    }
    boolean hasNew = members.containsKey("new");
    need(!WITH_NEW.contains(op) || hasNew, op + " has no 'new'");
    need(WITH_NEW.contains(op) || !hasNew, op + " has a 'new'");
    boolean oldAllowed = op.equals("update") || op.equals("delete");
    need(oldAllowed || !members.containsKey("old"), op + " has an 'old'");
  }

  /** What its order hangs on; empty where it has none. */
  private static String gate(Map<String, JsonNode> members) {
    JsonNode key = members.get("key");
    if (key == null || key.isNull()) {
      return "";
    }
    return members.get("schema") + "." + members.get("table") + " key " + key;
  }

  private static Map<String, JsonNode> source(Map<String, JsonNode> members) throws Broken {
    Map<String, JsonNode> source = new LinkedHashMap<>();
    JsonNode node = members.get("source");
    need(node != null && node.isObject(), "source is no object");
    if (node != null) {
      node.properties().forEach(member -> source.put(member.getKey(), member.getValue()));
    }
    return source;
  }

  private static String text(Map<String, JsonNode> members, String name) throws Broken {
    JsonNode value = members.get(name);
    if (value == null || !value.isTextual()) {
      throw new Broken("member '" + name + "' is " + value + ", not a string");
    }
    return value.textValue();
  }

  private static long number(Map<String, JsonNode> members, String name) throws Broken {
    JsonNode value = members.get(name);
    if (value != null && value.isIntegralNumber()) {
      return value.longValue();
    }
    if (value != null && value.isTextual() && DIGITS.matcher(value.textValue()).matches()) {
      return Long.parseLong(value.textValue());
    }
    throw new Broken("member '" + name + "' is " + value + ", not an integer");
  }

  private static JsonNode parse(byte[] body) throws Broken {
    try {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new Broken("not JSON: " + shown(e));
    }
  }

  private static Map<String, JsonNode> members(byte[] body) throws Broken {
    for (byte b : body) {
      need(b != '\n' && b != '\r', "a line break inside the message");
    }
    Map<String, JsonNode> members = new LinkedHashMap<>();
    try (JsonParser parser = JSON.createParser(body)) {
      need(parser.nextToken() == JsonToken.START_OBJECT, "not a JSON object");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        JsonNode value = parser.readValueAsTree();
        need(members.put(name, value) == null, "member '" + name + "' comes twice");
      }
      need(parser.nextToken() == null, "more than one JSON value");
    } catch (IOException e) {
      throw new Broken("not JSON: " + shown(e));
    }
    return members;
  }

  private static String shown(IOException e) {
    return e instanceof JsonProcessingException json
        ? json.getOriginalMessage()
        : String.valueOf(e.getMessage());
  }

  private static void need(boolean holds, String otherwise) throws Broken {
    if (!holds) {
      throw new Broken(otherwise);
    }
  }
}
