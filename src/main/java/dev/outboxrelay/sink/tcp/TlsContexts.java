package dev.outboxrelay.sink.tcp;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS settings made from PEM files, kept until a file changes: a renewed certificate is used by the
 * next connection without a restart. Safe for threads.
 */
final class TlsContexts {

  /** Reached only if options are edited thousands of times; then the cache starts anew. */
  private static final int MAX_KEPT = 1_000;

  private final Map<TlsOptions, Loaded> kept = new ConcurrentHashMap<>();

  /** What was made, and the state of the files that it was made from. */
  private record Loaded(List<String> stamps, SslContext context) {}

  /**
   * The settings for these options; reads files.
   *
   * @throws IllegalArgumentException when a file is missing or not what it should be
   */
  SslContext of(TlsOptions options) {
    List<String> stamps = new ArrayList<>();
    stamp("tls_ca", options.ca(), stamps);
    stamp("tls_cert", options.certificate(), stamps);
    stamp("tls_key", options.key(), stamps);
    Loaded known = kept.get(options);
    if (known != null && known.stamps().equals(stamps)) {
      return known.context();
    }
    Loaded loaded = new Loaded(stamps, load(options));
    if (kept.size() >= MAX_KEPT) {
      kept.clear();
    }
    kept.put(options, loaded);
    return loaded.context();
  }

  private static void stamp(String option, @Nullable Path file, List<String> stamps) {
    if (file != null) {
      stamps.add(PemFile.stamp(option, file));
    }
  }

  private static SslContext load(TlsOptions options) {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .sslProvider(SslProvider.JDK)
            .protocols("TLSv1.3", "TLSv1.2")
            .endpointIdentificationAlgorithm("HTTPS");
    if (options.ca() != null) {
      InputStream ca = stream("tls_ca", options.ca());
      try {
        builder.trustManager(ca);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "tls_ca: " + options.ca() + " holds no PEM certificate", e);
      }
    }
    if (options.certificate() != null && options.key() != null) {
      InputStream certificate = stream("tls_cert", options.certificate());
      InputStream key = stream("tls_key", options.key());
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

  private static InputStream stream(String option, Path file) {
    return new ByteArrayInputStream(PemFile.read(option, file));
  }
}
