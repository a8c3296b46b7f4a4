# Spack recipe of synvid. In a repository of your own:
#   spack repo create my-repo my && mkdir -p my-repo/packages/synvid
#   cp package.py my-repo/packages/synvid/ && spack repo add my-repo
#   spack dev-build -d PATH_OF_THE_SOURCE synvid@main
from spack.package import *

try:  # Spack 1.0 and newer keep build systems with the recipes
    from spack_repo.builtin.build_systems.cmake import CMakePackage, generator
except ImportError:
    pass


class Synvid(CMakePackage):
    """Learning video representations without natural videos: synthetic datasets, VideoMAE pre-training across MPI
    ranks, evaluation and analysis, in C."""

    license("Apache-2.0")

    version("main")

    variant("native", default=True, description="Tune for the machine that builds")

    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("openmpi@4.1:")
    depends_on("hdf5@1.10:1.14 +mpi +hl")
    depends_on("ffmpeg@5: +libx264")
    depends_on("openblas threads=none")
    depends_on("cjson")
    depends_on("random123")
    depends_on("fftw@3 precision=float")
    depends_on("xxhash")
    depends_on("libzip")
    depends_on("libjpeg-turbo@2:")
    depends_on("gnuplot", type="run")

    generator("ninja")

    def cmake_args(self):
        return [self.define_from_variant("SYNVID_NATIVE", "native"), self.define("BUILD_TESTING", False)]
