// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.http.HttpOptions.OwnHeader;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Own headers and signing keys, with the secrets that the options name as they were just now.
 *
 * @param headers name and value
 * @param keys each signs: several while keys are exchanged
 * @param hidden values that no error may show
 */
record Credentials(Map<String, String> headers, List<SigningKey> keys, List<String> hidden) {

  /** Signatures of one request, at most. */
  private static final int MAX_KEYS = 10;

  /** Reads the secrets. Blocks. */
  static Credentials read(HttpOptions options, Secrets secrets, String host) {
    Map<String, String> headers = new LinkedHashMap<>();
    List<String> hidden = new ArrayList<>();
    for (OwnHeader header : options.headers()) {
      String value = header.value();
      if (header.secret()) {
        value = HttpOptions.checked(header.name(), secrets.read(header.value(), host));
        hidden.add(value);
      }
      headers.put(header.name(), value);
    }
    List<SigningKey> keys = new ArrayList<>();
    for (String name : options.signingSecrets()) {
      secrets
          .read(name, host)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .forEach(line -> keys.add(SigningKey.parse(name, line)));
    }
    if (keys.size() > MAX_KEYS) {
      throw new IllegalArgumentException(
          "option signing_secret: " + keys.size() + " keys, at most " + MAX_KEYS + " sign");
    }
    return new Credentials(headers, keys, hidden);
  }

  /**
   * The header {@code webhook-signature}.
   *
   * @return null when nothing signs
   */
  @Nullable String signature(String id, long timestampSeconds, byte[] body) {
    if (keys.isEmpty()) {
      return null;
    }
    byte[] before = (id + "." + timestampSeconds + ".").getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream content = new ByteArrayOutputStream(before.length + body.length);
    content.writeBytes(before);
    content.writeBytes(body);
    byte[] signed = content.toByteArray();
    return keys.stream().map(key -> key.sign(signed)).collect(Collectors.joining(" "));
  }

  /** The words of a receiver that may have sent a secret back. */
  String withoutSecrets(String words) {
    String shown = words;
    for (String secret : hidden) {
      shown = shown.replace(secret, "***");
    }
    return shown;
  }
}
