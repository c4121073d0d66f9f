// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Selection;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads what a page asks: the fields of a query or of a body; each by its name, none unknown. */
final class Fields {
  /** So many messages may be named at once. */
  static final int MOST_IDS = 1000;

  private static final int MAX_LENGTH = 4000;
  private static final Set<String> SELECTION =
      Set.of("destination", "table", "key", "since", "until", "error");

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Map<String, String> query;
  private final ObjectNode body;

  private Fields(Map<String, String> query, ObjectNode body) {
    this.query = query;
    this.body = body;
  }

  static Fields ofQuery(Map<String, List<String>> query) {
    Map<String, String> fields = new LinkedHashMap<>();
    query.forEach(
        (name, values) -> {
          if (values.size() > 1) {
            throw new Problem(
                400, "'" + name + "' is given " + values.size() + " times", "give it once");
          }
          fields.put(name, values.get(0));
        });
    return new Fields(fields, JSON.createObjectNode());
  }

  static Fields ofBody(byte[] body) {
    try {
      // As UTF-8 alone: what is left to guess can be read in two ways.
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      if (JSON.readTree(text) instanceof ObjectNode object) {
        return new Fields(Map.of(), object);
      }
    } catch (JacksonException | CharacterCodingException e) {
      // Said below.
    }
    throw new Problem(400, "the body is no JSON object", "use the console's own page");
  }

  /** A text that must be there. */
  String text(String name) {
    String text = optional(name);
    if (text == null) {
      throw new Problem(400, "'" + name + "' is missing", "give it");
    }
    return text;
  }

  /** A text; null when it is missing or empty. */
  @Nullable String optional(String name) {
    String text = query.get(name);
    JsonNode node = body.get(name);
    if (node != null && !node.isNull()) {
      if (!node.isTextual()) {
        throw new Problem(400, "'" + name + "' is no text", "put it into quotes");
      }
      text = node.textValue();
    }
    if (text == null || text.isEmpty()) {
      return null;
    }
    if (text.length() > MAX_LENGTH) {
      throw new Problem(
          400,
          "'" + name + "' has " + text.length() + " characters, at most " + MAX_LENGTH,
          "shorten it");
    }
    if (text.indexOf('\0') >= 0) {
      throw new Problem(400, "'" + name + "' holds a zero character", "take it out");
    }
    if (text.codePoints().anyMatch(Fields::isHalf)) {
      throw new Problem(400, "'" + name + "' holds half a character", "take it out");
    }
    return text;
  }

  /** A surrogate alone, which no database takes as it is. */
  private static boolean isHalf(int c) {
    return Character.getType(c) == Character.SURROGATE;
  }

  long number(String name, long least, long most, long otherwise) {
    String text = optional(name);
    if (text == null) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new Problem(
        400, "'" + name + "' is '" + text + "'", "give a number from " + least + " to " + most);
  }

  MessageName id() {
    return name(text("id"));
  }

  private static MessageName name(String text) {
    try {
      return MessageName.of(text.strip());
    } catch (IllegalArgumentException e) {
      throw new Problem(400, "'" + text + "' is no message's id", "write 1042, or 1042-hoe22fla2o");
    }
  }

  /** Names of messages. */
  List<MessageName> ids() {
    JsonNode node = body.get("ids");
    if (node == null || !node.isArray() || node.isEmpty() || node.size() > MOST_IDS) {
      throw new Problem(
          400, "'ids' must hold 1 to " + MOST_IDS + " ids", "choose fewer, or all that match");
    }
    List<MessageName> names = new ArrayList<>();
    for (JsonNode each : node) {
      names.add(name(each.asText()));
    }
    return names;
  }

  /** Whether all that match are meant. */
  boolean isAll() {
    JsonNode all = body.get("all");
    if (all != null && !all.isBoolean()) {
      throw new Problem(400, "'all' is no yes or no", "write true, without quotes");
    }
    return all != null && all.booleanValue();
  }

  Selection selection() {
    Instant since = time("since");
    Instant until = time("until");
    if (since != null && until != null && !since.isBefore(until)) {
      throw new Problem(
          400,
          "nothing lies between " + since + " and " + until,
          "give a first time that is before the second");
    }
    return new Selection(
        optional("destination"),
        optional("table"),
        optional("key"),
        since,
        until,
        optional("error"));
  }

  private @Nullable Instant time(String name) {
    String text = optional(name);
    try {
      return text == null ? null : Instant.parse(text);
    } catch (DateTimeException e) {
      throw new Problem(
          400, "'" + name + "' is '" + text + "'", "write a time as 2026-11-22T12:00:00Z");
    }
  }

  /** Refuses what is not known: a field that is misspelt would choose more than was meant. */
  Fields only(String... names) {
    Set<String> known = new TreeSet<>(Set.of(names));
    if (known.remove("selection")) {
      known.addAll(SELECTION);
    }
    Set<String> given = new TreeSet<>(query.keySet());
    body.fieldNames().forEachRemaining(given::add);
    given.removeAll(known);
    if (!given.isEmpty()) {
      throw new Problem(400, "'" + given.iterator().next() + "' is not known", "give " + known);
    }
    return this;
  }
}
