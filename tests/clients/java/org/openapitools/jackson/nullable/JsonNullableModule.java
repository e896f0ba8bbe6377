package org.openapitools.jackson.nullable;

import com.fasterxml.jackson.databind.module.SimpleModule;

/** What a generated client takes from jackson-databind-nullable, only as far as the compiler asks. */
public final class JsonNullableModule extends SimpleModule {}
