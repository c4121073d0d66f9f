// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Reads messages as a receiver would, with a JSON library and nothing of the relay's. */
public final class Wire {

  /** Numbers keep every digit: rows are compared with what the database holds. */
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private Wire() {}

  public static JsonNode parse(String line) {
    try {
      return MAPPER.readTree(line);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + abbreviate(line), e);
    }
  }

  /**
   * The message's id. In the formats that begin with it, it is cut out without reading the rest, so
   * that a receiver keeps up with lines of megabytes.
   */
  public static String id(String line) {
    String start = "{\"id\":\"";
    if (line.startsWith(start)) {
      int end = line.indexOf('"', start.length());
      if (end > 0) {
        return line.substring(start.length(), end);
      }
    }
    return parse(line).path("id").asText();
  }

  public static String ack(String id) {
    return "{\"ack\":\"" + id + "\"}\n";
  }

  private static String abbreviate(String line) {
    return line.length() <= 200 ? line : line.substring(0, 200) + "… (" + line.length() + ")";
  }
}
