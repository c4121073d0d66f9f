// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.sink.SecretsDir;
import dev.outboxrelay.sink.tcp.TcpOptions;
import dev.outboxrelay.sink.tcp.TlsOptions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Takes a destination's options one by one, and refuses what is left. */
public final class OptionReader {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, JsonNode> left = new TreeMap<>();

  /**
   * @throws IllegalArgumentException when it is no JSON object
   */
  public OptionReader(String json) {
    try {
      JsonNode options = JSON.readTree(json);
      if (!options.isObject()) {
        throw new IllegalArgumentException("options are not a JSON object");
      }
      options.properties().forEach(member -> left.put(member.getKey(), member.getValue()));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("options are not JSON", e);
    }
  }

  /** A text, null when there is none. */
  public @Nullable String text(String name) {
    JsonNode value = left.remove(name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual() || value.textValue().isBlank()) {
      throw new IllegalArgumentException("option " + name + " is " + value + ", need a string");
    }
    return value.textValue();
  }

  public int number(String name, int least, int most, int byDefault) {
    JsonNode value = left.remove(name);
    if (value == null) {
      return byDefault;
    }
    if (!value.isIntegralNumber() || value.longValue() < least || value.longValue() > most) {
      throw new IllegalArgumentException(
          "option " + name + " is " + value + ", need a number from " + least + " to " + most);
    }
    return value.intValue();
  }

  /** One of some words; the first one is the default. */
  public String choice(String name, List<String> words) {
    JsonNode value = left.remove(name);
    if (value == null) {
      return words.get(0);
    }
    if (!value.isTextual() || !words.contains(value.textValue())) {
      throw new IllegalArgumentException(
          "option " + name + " is " + value + ", need " + String.join(" or ", words));
    }
    return value.textValue();
  }

  /**
   * A secret's name, null when there is none. A wrong value may be the secret itself: not shown.
   */
  public @Nullable String secret(String name) {
    JsonNode value = left.remove(name);
    if (value == null) {
      return null;
    }
    JsonNode named = value.path("secret");
    if (!value.isObject()
        || value.size() != 1
        || !named.isTextual()
        || !SecretsDir.isName(named.textValue())) {
      throw new IllegalArgumentException(
          "option " + name + " needs {\"secret\": \"name of a file in --secrets-dir\"}");
    }
    return named.textValue();
  }

  /** The options for TLS. */
  public TlsOptions tls(boolean secure) {
    ObjectNode tls = JSON.createObjectNode();
    for (String name : List.of("tls_ca", "tls_cert", "tls_key", "tls_server_name")) {
      JsonNode value = left.remove(name);
      if (value != null) {
        tls.set(name, value);
      }
    }
    if (!secure && !tls.isEmpty()) {
      throw new IllegalArgumentException("options for TLS need a uri whose scheme speaks it");
    }
    return TcpOptions.parse(tls.toString()).tls();
  }

  /**
   * Nothing else may be there.
   *
   * @throws IllegalArgumentException what is not known
   */
  public void end() {
    if (!left.isEmpty()) {
      throw new IllegalArgumentException("options have " + left.keySet() + ", which are not known");
    }
  }
}
