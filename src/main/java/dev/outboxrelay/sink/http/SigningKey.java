// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A key that signs requests as Standard Webhooks 1.0 says. Safe for threads. */
abstract class SigningKey {
  private static final String SYMMETRIC = "whsec_";
  private static final String ASYMMETRIC = "whsk_";
  private static final int ED25519_BYTES = 32;
  private static final int LEAST_BYTES = 16;

  /** The signature with its version, such as {@code v1,K5oZ…}. */
  abstract String sign(byte[] content);

  /**
   * Reads a key.
   *
   * @param name of the secret, for messages: its content is never shown
   * @param text {@code whsec_} or {@code whsk_} and base64, or base64 alone, which is symmetric
   */
  static SigningKey parse(String name, String text) {
    boolean asymmetric = text.startsWith(ASYMMETRIC);
    String base64 =
        asymmetric
            ? text.substring(ASYMMETRIC.length())
            : text.startsWith(SYMMETRIC) ? text.substring(SYMMETRIC.length()) : text;
    byte[] key;
    try {
      key = Base64.getDecoder().decode(base64.getBytes(StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw unfit(name);
    }
    if (asymmetric) {
      return new Ed25519(name, key);
    }
    if (key.length < LEAST_BYTES) {
      throw unfit(name);
    }
    return new Hmac(key);
  }

  private static IllegalArgumentException unfit(String name) {
    return new IllegalArgumentException(
        "the secret '"
            + name
            + "' is no signing key: need whsec_ and at least 16 bytes in base64, or whsk_ and an"
            + " ed25519 private key in base64");
  }

  private static final class Hmac extends SigningKey {
    private final SecretKeySpec key;

    Hmac(byte[] key) {
      this.key = new SecretKeySpec(key, "HmacSHA256");
    }

    @Override
    String sign(byte[] content) {
      try {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(key);
        return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(content));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every Java has HMAC-SHA256", e);
      }
    }
  }

  private static final class Ed25519 extends SigningKey {
    private final PrivateKey key;

    /**
     * @param bytes the seed, alone or with the public key behind it
     */
    Ed25519(String name, byte[] bytes) {
      if (bytes.length != ED25519_BYTES && bytes.length != 2 * ED25519_BYTES) {
        throw unfit(name);
      }
      try {
        key =
            KeyFactory.getInstance("Ed25519")
                .generatePrivate(
                    new EdECPrivateKeySpec(
                        NamedParameterSpec.ED25519, Arrays.copyOf(bytes, ED25519_BYTES)));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("this Java has no Ed25519", e);
      }
    }

    @Override
    String sign(byte[] content) {
      try {
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(key);
        signature.update(content);
        return "v1a," + Base64.getEncoder().encodeToString(signature.sign());
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("this Java has no Ed25519", e);
      }
    }
  }
}
