// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A CloudEvent in binary mode: its attributes as headers, its data as the body, byte for byte.
 *
 * @param attributes names in lower case, and values
 * @param data as it stands in the structured event
 */
public record BinaryEvent(Map<String, String> attributes, byte[] data) {

  private static final JsonFactory JSON = new JsonFactory();
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  /**
   * Takes a structured event apart.
   *
   * @param structured as the format 'cloudevents' writes it
   */
  public static BinaryEvent of(byte[] structured) {
    Map<String, String> attributes = new LinkedHashMap<>();
    Map<String, byte[]> data = new HashMap<>();
    try (JsonParser parser = JSON.createParser(structured)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("data")) {
          int from = (int) parser.currentTokenLocation().getByteOffset();
          parser.skipChildren();
          parser.finishToken();
          int to = (int) parser.currentLocation().getByteOffset();
          data.put(name, Arrays.copyOfRange(structured, from, to));
        } else if (!name.equals("datacontenttype") && value != JsonToken.VALUE_NULL) {
          attributes.put(name.toLowerCase(Locale.ROOT), parser.getText());
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("not a CloudEvent in JSON", e);
    }
    return new BinaryEvent(attributes, data.getOrDefault("data", new byte[0]));
  }

  /**
   * The attributes as headers that hold ASCII alone.
   *
   * @param prefix before each name
   */
  public Map<String, String> headers(String prefix) {
    Map<String, String> headers = new LinkedHashMap<>();
    attributes.forEach((name, value) -> headers.put(prefix + name, encoded(value)));
    return headers;
  }

  /** As CloudEvents' HTTP binding says: printable ASCII but for space, quote and percent. */
  public static String encoded(String value) {
    StringBuilder out = new StringBuilder(value.length());
    for (byte each : value.getBytes(StandardCharsets.UTF_8)) {
      if (each > ' ' && each < 127 && each != '"' && each != '%') {
        out.append((char) each);
      } else {
        out.append('%').append(HEX[each >> 4 & 15]).append(HEX[each & 15]);
      }
    }
    return out.toString();
  }
}
