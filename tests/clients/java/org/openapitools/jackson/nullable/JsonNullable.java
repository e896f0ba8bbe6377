package org.openapitools.jackson.nullable;

/** What a generated client takes from jackson-databind-nullable, only as far as the compiler asks. */
public final class JsonNullable<T> {
  public static <T> JsonNullable<T> undefined() {
    throw new UnsupportedOperationException();
  }

  public static <T> JsonNullable<T> of(T value) {
    throw new UnsupportedOperationException();
  }

  public T get() {
    throw new UnsupportedOperationException();
  }

  public T orElse(T other) {
    throw new UnsupportedOperationException();
  }

  public boolean isPresent() {
    throw new UnsupportedOperationException();
  }
}
