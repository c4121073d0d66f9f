// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a destination's {@code options} say to this transport. A key that is not known is refused: a
 * misspelt {@code tls_ca} would otherwise trust more than was meant.
 *
 * @param tls the TLS files and names
 * @param idleTimeout a connection that was idle for so long is closed, null for never
 */
public record TcpOptions(TlsOptions tls, @Nullable Duration idleTimeout) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** As PostgreSQL sees it, whatever its locale. */
  private static final Pattern NOT_BLANK = Pattern.compile("[^ \\t\\n\\x0B\\f\\r]");

  private static final long MAX_IDLE_TIMEOUT_MS = Duration.ofDays(1).toMillis();

  public static TcpOptions parse(String json) {
    JsonNode options = read(json);
    TreeSet<String> unknown = new TreeSet<>();
    String ca = null;
    String certificate = null;
    String key = null;
    String serverName = null;
    Duration idleTimeout = null;
    Iterator<Map.Entry<String, JsonNode>> members = options.properties().iterator();
    while (members.hasNext()) {
      Map.Entry<String, JsonNode> member = members.next();
      switch (member.getKey()) {
        case "tls_ca" -> ca = text(member);
        case "tls_cert" -> certificate = text(member);
        case "tls_key" -> key = text(member);
        case "tls_server_name" -> serverName = text(member);
        case "idle_timeout_ms" -> idleTimeout = millis(member);
        default -> unknown.add(member.getKey());
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "options have "
              + unknown
              + ", known are idle_timeout_ms, tls_ca, tls_cert, tls_key, tls_server_name");
    }
    if ((certificate == null) != (key == null)) {
      throw new IllegalArgumentException("options need tls_cert and tls_key together");
    }
    if (serverName != null && !HostName.isNameOrIpv4(serverName) && !HostName.isIpv6(serverName)) {
      throw new IllegalArgumentException(
          "option tls_server_name is '" + serverName + "', need a host name or an address");
    }
    return new TcpOptions(
        new TlsOptions(
            path("tls_ca", ca), path("tls_cert", certificate), path("tls_key", key), serverName),
        idleTimeout);
  }

  private static JsonNode read(String json) {
    try {
      JsonNode options = JSON.readTree(json);
      if (options.isObject()) {
        return options;
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("options are not JSON", e);
    }
    throw new IllegalArgumentException("options are not a JSON object");
  }

  private static String text(Map.Entry<String, JsonNode> member) {
    JsonNode value = member.getValue();
    if (!value.isTextual() || !NOT_BLANK.matcher(value.textValue()).find()) {
      throw new IllegalArgumentException(
          "option " + member.getKey() + " is " + value + ", need a string");
    }
    return value.textValue();
  }

  private static Duration millis(Map.Entry<String, JsonNode> member) {
    JsonNode value = member.getValue();
    if (!value.isIntegralNumber()
        || value.longValue() < 1
        || value.longValue() > MAX_IDLE_TIMEOUT_MS) {
      throw new IllegalArgumentException(
          "option "
              + member.getKey()
              + " is "
              + value
              + ", need milliseconds from 1 to "
              + MAX_IDLE_TIMEOUT_MS);
    }
    return Duration.ofMillis(value.longValue());
  }

  private static @Nullable Path path(String option, @Nullable String text) {
    try {
      return text == null ? null : Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(
          "option "
              + option
              + " is '"
              + text
              + "', which is no name of a file in the relay's locale: start it with LC_ALL=C.UTF-8",
          e);
    }
  }
}
