// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A line of the file of tokens. The secret itself is not kept: its hash serves to compare.
 *
 * @param name who it belongs to
 * @param hash SHA-256 of the secret
 */
record Token(String name, Role role, byte[] hash) {

  static Token of(String name, Role role, String secret) {
    return new Token(name, role, hash(secret));
  }

  /** Takes as long for a wrong secret as for the right one. */
  boolean is(byte[] otherHash) {
    return MessageDigest.isEqual(hash, otherHash);
  }

  /** Whether nothing of the line was changed. */
  boolean isSame(Token other) {
    return name.equals(other.name) && role == other.role && is(other.hash);
  }

  static byte[] hash(String secret) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  @Override
  public String toString() {
    return "Token[" + name + ", " + role.word() + ", secret hidden]";
  }
}
