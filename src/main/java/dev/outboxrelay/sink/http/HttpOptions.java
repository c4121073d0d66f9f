// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.sink.SecretsDir;
import dev.outboxrelay.sink.tcp.TcpOptions;
import dev.outboxrelay.sink.tcp.TlsOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a destination's {@code options} say to this transport.
 *
 * @param connections how many are kept at most
 * @param batch how many messages at most make one request
 * @param binary CloudEvents in binary mode
 * @param headers own headers, each with a text or a secret's name
 * @param signingSecrets names of the secrets that sign
 */
record HttpOptions(
    TlsOptions tls,
    Duration idleTimeout,
    int connections,
    int batch,
    boolean binary,
    List<OwnHeader> headers,
    List<String> signingSecrets) {

  /**
   * A header of the user's own.
   *
   * @param value the text itself, or the name of the secret that holds it
   */
  record OwnHeader(String name, String value, boolean secret) {}

  static final int MAX_HEADERS = 50;
  static final int MAX_SIGNING_SECRETS = 5;

  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);
  private static final int CONNECTIONS = 8;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> FOR_CONNECTIONS =
      Set.of("tls_ca", "tls_cert", "tls_key", "tls_server_name", "idle_timeout_ms");
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}");
  private static final Pattern VALUE = Pattern.compile("[!-~]([ -~]{0,998}[!-~])?");

  /** What the relay writes itself, and what would change where a request ends. */
  private static final Pattern RESERVED =
      Pattern.compile(
          "host|content-(length|type|encoding)|transfer-encoding|connection|keep-alive|te|trailer"
              + "|upgrade|expect|proxy-.*|webhook-.*|ce-.*");

  /** What is a secret whatever its value. */
  private static final Set<String> NEVER_PLAIN = Set.of("authorization", "cookie");

  static HttpOptions parse(String json) {
    ObjectNode forConnections = JSON.createObjectNode();
    TreeSet<String> unknown = new TreeSet<>();
    int connections = CONNECTIONS;
    int batch = 1;
    boolean binary = false;
    List<OwnHeader> headers = List.of();
    List<String> signingSecrets = List.of();
    for (Map.Entry<String, JsonNode> member : read(json).properties()) {
      String name = member.getKey();
      JsonNode value = member.getValue();
      switch (name) {
        case "connections" -> connections = number(name, value, 64);
        case "batch" -> batch = number(name, value, 1000);
        case "cloudevents_mode" -> binary = choice(name, value, "structured", "binary");
        case "headers" -> headers = headers(value);
        case "signing_secret" -> signingSecrets = secrets(name, value);
        default -> {
          if (FOR_CONNECTIONS.contains(name)) {
            forConnections.set(name, value);
          } else {
            unknown.add(name);
          }
        }
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("options have " + unknown + ", which are not known");
    }
    TcpOptions tcp = TcpOptions.parse(forConnections.toString());
    Duration idle = tcp.idleTimeout();
    return new HttpOptions(
        tcp.tls(),
        idle == null ? IDLE_TIMEOUT : idle,
        connections,
        batch,
        binary,
        headers,
        signingSecrets);
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

  private static int number(String name, JsonNode value, int most) {
    if (!value.isIntegralNumber() || value.longValue() < 1 || value.longValue() > most) {
      throw new IllegalArgumentException(
          "option " + name + " is " + value + ", need a number from 1 to " + most);
    }
    return value.intValue();
  }

  private static boolean choice(String name, JsonNode value, String no, String yes) {
    if (!value.isTextual() || !Set.of(no, yes).contains(value.textValue())) {
      throw new IllegalArgumentException(
          "option " + name + " is " + value + ", need " + no + " or " + yes);
    }
    return value.textValue().equals(yes);
  }

  private static List<String> secrets(String name, JsonNode value) {
    List<String> secrets = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(each -> secrets.add(secret(name, each)));
    } else {
      secrets.add(secret(name, value));
    }
    if (secrets.isEmpty() || secrets.size() > MAX_SIGNING_SECRETS) {
      throw new IllegalArgumentException(
          "option " + name + " needs 1 to " + MAX_SIGNING_SECRETS + " references");
    }
    return List.copyOf(secrets);
  }

  /** The value is not shown: somebody may have written the secret itself. */
  private static String secret(String name, JsonNode value) {
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

  private static List<OwnHeader> headers(JsonNode value) {
    if (!value.isObject() || value.size() > MAX_HEADERS) {
      throw new IllegalArgumentException(
          "option headers is an object of at most " + MAX_HEADERS + " members");
    }
    List<OwnHeader> headers = new ArrayList<>();
    for (Map.Entry<String, JsonNode> member : value.properties()) {
      headers.add(header(member.getKey(), member.getValue()));
    }
    return List.copyOf(headers);
  }

  private static OwnHeader header(String name, JsonNode value) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (!TOKEN.matcher(name).matches() || RESERVED.matcher(lower).matches()) {
      throw new IllegalArgumentException("option headers: '" + name + "' cannot be set");
    }
    if (!value.isTextual()) {
      return new OwnHeader(name, secret("headers: " + name, value), true);
    }
    if (NEVER_PLAIN.contains(lower)) {
      throw new IllegalArgumentException(
          "option headers: " + name + " needs {\"secret\": \"name of a file in --secrets-dir\"}");
    }
    return new OwnHeader(name, checked(name, value.textValue()), false);
  }

  /** A header's value: printable ASCII on one line. The value is not shown. */
  static String checked(String name, String value) {
    if (!VALUE.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "option headers: the value of " + name + " is not 1 to 1000 printable ASCII characters");
    }
    return value;
  }
}
