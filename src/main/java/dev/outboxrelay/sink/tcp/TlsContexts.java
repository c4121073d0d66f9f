// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS settings made from PEM files, which are read again for each connection: a renewed certificate
 * is used by the next one without a restart. What was made is kept as long as the files say the
 * same; their times and sizes may stay as they are when their content changes. Safe for threads.
 */
public final class TlsContexts {

  /** Reached only if options are edited thousands of times; then the cache starts anew. */
  private static final int MAX_KEPT = 1_000;

  private final Map<TlsOptions, Loaded> kept = new ConcurrentHashMap<>();

  /** What was made, and the fingerprint of the files that it was made from. */
  private record Loaded(String fingerprint, SslContext context) {}

  /** What the files hold. */
  private record Files(byte @Nullable [] ca, byte @Nullable [] certificate, byte @Nullable [] key) {

    static Files read(TlsOptions options) {
      return new Files(
          content("tls_ca", options.ca()),
          content("tls_cert", options.certificate()),
          content("tls_key", options.key()));
    }

    private static byte @Nullable [] content(String option, @Nullable Path file) {
      return file == null ? null : PemFile.read(option, file);
    }

    String fingerprint() {
      return fingerprint(ca) + fingerprint(certificate) + fingerprint(key);
    }

    private static String fingerprint(byte @Nullable [] content) {
      try {
        return content == null
            ? "-"
            : HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  /**
   * The settings for these options; reads files.
   *
   * @throws IllegalArgumentException when a file is missing or not what it should be
   */
  SslContext of(TlsOptions options) {
    Files files = Files.read(options);
    Loaded known = kept.get(options);
    String fingerprint = files.fingerprint();
    if (known != null && known.fingerprint().equals(fingerprint)) {
      return known.context();
    }
    Loaded loaded = new Loaded(fingerprint, load(options, files));
    if (kept.size() >= MAX_KEPT) {
      kept.clear();
    }
    kept.put(options, loaded);
    return loaded.context();
  }

  /** The same for a library that knows Java's own TLS alone. */
  public SSLContext javaContext(TlsOptions options) {
    return ((JdkSslContext) of(options)).context();
  }

  private static SslContext load(TlsOptions options, Files files) {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .sslProvider(SslProvider.JDK)
            .protocols("TLSv1.3", "TLSv1.2")
            .endpointIdentificationAlgorithm("HTTPS");
    if (files.ca() != null) {
      InputStream ca = new ByteArrayInputStream(files.ca());
      try {
        builder.trustManager(ca);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "tls_ca: " + options.ca() + " holds no PEM certificate", e);
      }
    }
    if (files.certificate() != null && files.key() != null) {
      InputStream certificate = new ByteArrayInputStream(files.certificate());
      InputStream key = new ByteArrayInputStream(files.key());
      try {
        builder.keyManager(certificate, key);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "tls_cert, tls_key: "
                + options.certificate()
                + " and "
                + options.key()
                + " are not a PEM certificate and its PKCS #8 private key without a password",
            e);
      }
    }
    try {
      return builder.build();
    } catch (SSLException e) {
      throw new IllegalArgumentException("TLS settings cannot be used: " + e.getMessage(), e);
    }
  }
}
